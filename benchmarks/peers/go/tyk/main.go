// A grpc-go server that runs the hook of the workload "tyk": what a user of Go writes for a Tyk gateway, after the samples.
//
//	hooks SOCKET
//
// coprocess/ is generated from src/gateways/tyk/messages/coprocess.proto with protoc-gen-go.
package main

import (
	"context"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"pluginserver.example/benchmarks/hooks/coprocess"
)

// maxMessage is what a message may have in bytes, as in the other servers of the workload.
const maxMessage = 64 << 20

func dispatch(object *coprocess.Object) *coprocess.Object {
	if object.HookName == "tyk-hello" {
		object.Request.SetHeaders = map[string]string{"X-Hello": "hello"}
	}
	return object
}

// unary is a method of the service whose requests are of type Request.
func unary[Request any, P interface {
	*Request
	proto.Message
}](name string, run func(P) proto.Message) grpc.MethodDesc {
	return grpc.MethodDesc{
		MethodName: name,
		Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			request := P(new(Request))
			if err := decode(request); err != nil {
				return nil, err
			}
			return run(request), nil
		},
	}
}

var dispatcher = grpc.ServiceDesc{
	ServiceName: "coprocess.Dispatcher",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{
		unary("Dispatch", func(object *coprocess.Object) proto.Message { return dispatch(object) }),
		unary("DispatchEvent", func(*coprocess.Event) proto.Message { return &coprocess.EventReply{} }),
	},
}

func main() {
	listener, err := net.Listen("unix", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))
	server.RegisterService(&dispatcher, struct{}{})
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	go func() {
		<-ended
		server.Stop()
	}()
	if err := server.Serve(listener); err != nil {
		log.Fatal(err)
	}
}

// The workload "hello" in Go, a server of its own by go-pdk: one read and two writes.
package main

import (
	"github.com/Kong/go-pdk"
	"github.com/Kong/go-pdk/server"
)

type config struct{}

// Access does what plugins/hello.cjs does.
func (*config) Access(kong *pdk.PDK) {
	host, err := kong.Request.GetHeader("host")
	if err != nil {
		return
	}
	_ = kong.Response.SetHeader("x-hello", "hello "+host)
	_ = kong.Response.SetHeader("x-server", "bench")
}

func main() {
	if err := server.StartServer(func() any { return &config{} }, "1.0.0", 1); err != nil {
		panic(err)
	}
}

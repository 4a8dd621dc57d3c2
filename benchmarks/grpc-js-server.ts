// What a user of @grpc/grpc-js writes for a Tyk gateway, after the samples: the hook in the server's only thread, the object changed and
// sent back.
//
//   node grpc-js-server.mjs SOCKET
import { type handleUnaryCall, loadPackageDefinition, Server, ServerCredentials, type ServiceDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { fileURLToPath } from "node:url";

interface HookObject {
  readonly hook_name: string;
  readonly request: { set_headers: Record<string, string> };
}

const [path = ""] = process.argv.slice(2);
const proto = fileURLToPath(new URL("../../src/gateways/tyk/messages/coprocess.proto", import.meta.url));
const { coprocess } = loadPackageDefinition(loadSync(proto, { keepCase: true })) as unknown as {
  readonly coprocess: { readonly Dispatcher: { readonly service: ServiceDefinition } };
};

const dispatch: handleUnaryCall<HookObject, HookObject> = ({ request: object }, callback) => {
  if (object.hook_name === "tyk-hello") object.request.set_headers = { "X-Hello": "hello" };
  callback(null, object);
};

const server = new Server({ "grpc.max_receive_message_length": -1 });
server.addService(coprocess.Dispatcher.service, {
  Dispatch: dispatch,
  DispatchEvent: (_: unknown, callback: (error: null, reply: object) => void) => {
    callback(null, {});
  },
});
server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
});
process.on("SIGTERM", () => process.exit());

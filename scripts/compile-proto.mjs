// Compiles src/gateways/kong/protobuf/plugin-socket.proto into the two descriptors that are shipped: one for the server's codec, one for
// the stand-in gateway's. With --check it only says whether they are up to date.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import prettier from "prettier";
import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor.js";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const PROTO = "src/gateways/kong/protobuf/plugin-socket.proto";
const NOTE = `from ${PROTO} by \`npm run proto\`: do not edit.`;

const { root } = protobuf.parse(await readFile(path(PROTO), "utf8"), new protobuf.Root(), { keepCase: true });
root.resolveAll();
const service = root.lookupService("kong_plugin_protocol.Kong");

/** Response_SetHeader is kong.response.set_header. */
const wireName = (rpc) => `kong.${rpc.replaceAll("_", ".").replace(/([a-z]\d*)([A-Z])/g, "$1_$2")}`.toLowerCase();

/** What protobufjs takes: messages with the names of the file, and the functions by their names on the wire. */
function forServer() {
  const { nested } = root.lookup("kong_plugin_protocol").toJSON();
  const messages = Object.fromEntries(Object.entries(nested).filter(([, { methods }]) => methods === undefined));
  const methods = service.methodsArray.map(({ name, requestType, responseType }) => [
    wireName(name),
    [requestType, responseType],
  ]);
  return [
    `// Generated ${NOTE} Messages and PDK functions of ProtoBuf:1.`,
    `export const MESSAGES = ${JSON.stringify(messages)};`,
    `export const PDK_SERVICE = ${JSON.stringify(Object.fromEntries(methods))} as const;`,
  ].join("\n\n");
}

/** What every other library takes: the file as a FileDescriptorSet. */
function forGateway() {
  const set = root.toDescriptor("proto3");
  for (const file of set.file) {
    for (const message of file.messageType)
      for (const field of message.field) if (field.typeName) field.typeName = `.${file.package}.${field.typeName}`;
  }
  const bytes = Buffer.from(descriptor.FileDescriptorSet.encode(set).finish());
  return [
    `// Generated ${NOTE} The file as a FileDescriptorSet, in base64.`,
    `export const PLUGIN_SOCKET_DESCRIPTOR = "${bytes.toString("base64")}";`,
  ].join("\n\n");
}

const outputs = [
  ["src/gateways/kong/protobuf/plugin-socket.ts", forServer()],
  ["src/gateways/kong/standin/protobuf/plugin-socket-descriptor.ts", forGateway()],
];

for (const [name, text] of outputs) {
  const wanted = await prettier.format(text, { ...(await prettier.resolveConfig(path(name))), filepath: name });
  if (!process.argv.includes("--check")) await writeFile(path(name), wanted);
  else if ((await readFile(path(name), "utf8")) !== wanted) {
    process.stderr.write(`${name} is not what ${PROTO} says: run npm run proto\n`);
    process.exitCode = 1;
  }
}

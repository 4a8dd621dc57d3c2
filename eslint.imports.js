// Which folder of src may import which others. docs/architecture.md says why; a test reads the imports themselves.
export const IMPORTS = {
  pdk: [],
  schema: [],
  wire: [],
  stamp: [],
  channel: [],
  gateway: ["wire"],
  protobuf: ["pdk", "wire"],
  rpc: ["channel", "protobuf", "wire"],
  runtime: ["channel", "pdk", "protobuf", "wire"],
  isolates: ["channel"],
  plugins: ["channel", "isolates", "schema", "stamp"],
  build: ["plugins", "stamp"],
  server: ["channel", "isolates", "pdk", "plugins", "rpc", "runtime", "schema", "stamp", "wire"],
  testing: ["gateway", "pdk", "plugins", "rpc", "runtime", "schema", "wire"],
  cli: ["build", "gateway", "plugins", "server", "stamp"],
};

// Which folder of src may import which others. docs/architecture.md says why; a test reads the imports themselves.
export const IMPORTS = {
  pdk: [],
  wire: [],
  channel: [],
  gateway: ["wire"],
  rpc: ["channel", "wire"],
  runtime: ["channel", "pdk", "wire"],
  isolates: ["channel"],
  plugins: ["channel", "isolates"],
  server: ["channel", "isolates", "pdk", "plugins", "rpc", "runtime", "wire"],
  cli: ["gateway", "plugins", "server"],
};

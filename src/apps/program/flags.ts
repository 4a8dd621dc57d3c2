// Owns the flags of a plugin that is a program of its own: Go's three, and those of the dynamic server that make sense for it.

export interface Flag {
  readonly name: string;
  /** As Go's usage text names it; a flag without a type is a boolean. */
  readonly type?: "string" | "duration" | "size" | "int" | "mode";
  readonly value?: string;
  readonly usage: string;
}

export const FLAGS = [
  { name: "dump", usage: "Dump info about plugins" },
  { name: "help", usage: "Show usage info" },
  {
    name: "kong-prefix",
    type: "string",
    value: "/usr/local/kong",
    usage: "Kong prefix path (specified by the -p argument commonly used in the kong cli)",
  },
  { name: "socket", type: "string", value: "", usage: "Path of the socket; by default PREFIX/EXECUTABLE.socket" },
  {
    name: "sock-name",
    type: "string",
    value: "",
    usage: "Name of the socket in the prefix, as programs of kong-js-pdk have it",
  },
  { name: "socket-mode", type: "mode", value: "0600", usage: "Permission bits of the socket, in octal" },
  {
    name: "protocol",
    type: "string",
    value: "auto",
    usage:
      "What the dump announces and the socket speaks: MsgPack:1, ProtoBuf:1, or auto: MsgPack:1 in the dump, both on the socket",
  },
  { name: "threads", type: "int", value: "0", usage: "Isolates that run the plugin; 0 runs it in the thread of the socket" },
  { name: "event-timeout", type: "duration", value: "50s", usage: "How long one run of a phase may take" },
  {
    name: "on-error",
    type: "string",
    value: "exit",
    usage: "What becomes of a request whose plugin failed: exit with 500, or continue",
  },
  { name: "stall-timeout", type: "duration", value: "5s", usage: "How long a busy isolate may give no sign of life" },
  { name: "load-timeout", type: "duration", value: "10s", usage: "How long an isolate may take to load the plugin" },
  { name: "instance-timeout", type: "duration", value: "24h", usage: "How long an unused instance keeps its state" },
  { name: "drain-timeout", type: "duration", value: "10s", usage: "How long running events may take to finish at the end" },
  { name: "isolate-memory", type: "size", value: "256MB", usage: "Memory of one isolate" },
  { name: "env", type: "string", value: "", usage: "Environment variables that isolates do not see, such as KONG_*" },
  { name: "max-events", type: "int", value: "10000", usage: "Events at once, per isolate" },
  { name: "max-connections", type: "int", value: "10000", usage: "Connections at once" },
  { name: "max-message-size", type: "size", value: "64MB", usage: "Largest message taken from a gateway" },
  { name: "no-parent-watch", usage: "Go on when the parent process is gone" },
  { name: "no-supervisor", usage: "Serve in the process that is started, which then holds the socket itself" },
  {
    name: "log-level",
    type: "string",
    value: "info",
    usage: "Least level that is logged: trace, debug, info, warn, error, fatal or silent",
  },
  { name: "version", usage: "Print the versions of plugin, PDK and runtime" },
  { name: "verbose", usage: "-log-level debug" },
  { name: "log-format", type: "string", value: "text", usage: "Form of the log: text or json" },
] as const satisfies readonly Flag[];

export type FlagName = (typeof FLAGS)[number]["name"];

/** The usage text in the form of Go's `flag` package. */
export function usageText(program: string): string {
  const sorted = [...FLAGS].sort((a, b) => (a.name < b.name ? -1 : 1));
  return `Usage of ${program}:\n${sorted.map(describe).join("")}`;
}

function describe({ name, type, value, usage }: Flag): string {
  const quoted = type === "string" ? JSON.stringify(value) : value;
  const standard = value === undefined || value === "" ? "" : ` (default ${quoted ?? ""})`;
  return `  -${name}${type === undefined ? "" : ` ${type}`}\n    \t${usage}${standard}\n`;
}

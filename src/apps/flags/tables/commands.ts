// Owns the table of commands.

export interface Command {
  readonly name: string;
  /** What stands behind the name. */
  readonly operands: string;
  /** One sentence without a full stop, for -help and docs/flags.md. */
  readonly help: string;
  /** What docs/flags.md says besides. */
  readonly more?: string;
}

export const COMMANDS = [
  {
    name: "try",
    operands: "",
    help: "serves the plugins, a stand-in gateway and an echo upstream on this machine, for a first look",
    more: "all of them take changes over; `${ECHO_URL}` in the configuration is the upstream; [try-yaml.md](try-yaml.md) has every key",
  },
  {
    name: "check",
    operands: "[DIR]",
    help: "says what a gateway would see in a plugins directory: versions, priorities, phases or hooks, errors",
    more: "exit status 1 if a plugin would not be served",
  },
  { name: "build", operands: "PLUGIN...|-server -out DIR", help: "type-checks, bundles and stamps plugins, each to one file" },
  {
    name: "init",
    operands: "NAME",
    help: "writes a new plugin project to the folder NAME, with types, a build, a test, a linter, debugging and a container file; for Tyk with `-tyk NAME`",
  },
  { name: "run", operands: "PLUGIN", help: "serves one plugin on a socket of its own (`run PLUGIN -help` says how)" },
  {
    name: "kong-conf",
    operands: "-kong-version V",
    help: "prints the lines of kong.conf for a plugins directory",
    more: "with the flags of the server that are given along",
  },
  {
    name: "tyk-conf",
    operands: "",
    help: "prints a Tyk gateway's options, and the hooks for its API definitions, for a plugins directory",
  },
  {
    name: "config",
    operands: "",
    help: "prints the settings that hold for a server with these flags, and where each is from: flag, variable, file or default",
    more: "what is in addresses to get in is not shown",
  },
  {
    name: "bundle",
    operands: "PLUGIN... -out X.zip",
    help: "builds plugins into a bundle, a zip that servers load, and Tyk gateways",
  },
  {
    name: "status",
    operands: "[NAME]",
    help: "says what runs in a server: its plugins with calls, times, failures, isolates and memory; of one plugin all that is known",
    more: "over the server's admin socket, as all commands that follow ([operating.md](operating.md))",
  },
  {
    name: "reload",
    operands: "[NAME]",
    help: "has a server look for changed plugins now; of one plugin, start fresh isolates in any case",
  },
  { name: "log-level", operands: "[NAME] LEVEL", help: "changes what a server logs at least, or what it logs of one plugin" },
  { name: "drain", operands: "", help: "has a server take no more connections, finish what runs, and end" },
  { name: "heap", operands: "NAME", help: "writes a heap snapshot of an isolate of the plugin to a file" },
  { name: "profile", operands: "NAME -seconds N", help: "writes a CPU profile of an isolate of the plugin to a file" },
] as const satisfies readonly Command[];

/** "serve" is what is done without a command. */
export type CommandName = (typeof COMMANDS)[number]["name"] | "serve";

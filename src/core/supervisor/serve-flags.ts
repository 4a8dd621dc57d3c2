// Names the flags of a command that serves, for who listens before the command's own parser is loaded. A test compares them.
import type { FlagGrammar } from "./serve-plan.js";

const COMMON = [
  "drain-timeout",
  "env",
  "event-timeout",
  "instance-timeout",
  "isolate-memory",
  "kong-prefix",
  "load-timeout",
  "log-format",
  "log-level",
  "max-connections",
  "max-events",
  "max-message-size",
  "on-error",
  "protocol",
  "socket",
  "socket-mode",
  "stall-timeout",
  "threads",
];

export const SERVER_GRAMMAR: FlagGrammar = {
  valued: new Set([...COMMON, "inspect", "isolation", "pdk-match", "plugin-sockets", "plugins-dir", "trust"]),
  switches: new Set(["no-parent-watch", "no-supervisor", "no-watch"]),
  aliases: new Map([["plugins-directory", "plugins-dir"]]),
  required: ["plugins-dir"],
  socketName: "go_pluginserver.sock",
};

/** Those of one plugin that is a program. */
export const programGrammar = (name: string): FlagGrammar => ({
  valued: new Set(COMMON),
  switches: new Set(["no-parent-watch", "no-supervisor"]),
  aliases: new Map(),
  required: [],
  socketName: `${name}.socket`,
});

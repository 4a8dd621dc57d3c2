// Names the flags of a command that serves, for who listens before the command's own parser is loaded.
// test/unit/apps/cli/serve-flags.test.ts compares the two.
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
  "sock-name",
  "socket",
  "socket-mode",
  "stall-timeout",
  "threads",
];

/** Other names, as the plugin servers that this one replaces have them. */
const ALIASES = [
  ["p", "kong-prefix"],
  ["v", "verbose"],
  ["socket-name", "sock-name"],
] as const;

export const SERVER_GRAMMAR: FlagGrammar = {
  valued: new Set([
    ...COMMON,
    "inspect",
    "isolation",
    "pdk-match",
    "plugin-sockets",
    "plugins-dir",
    "trust",
    "tyk",
    "tyk-api",
    "tyk-apps",
    "tyk-secret-file",
  ]),
  switches: new Set(["no-parent-watch", "no-supervisor", "no-watch", "verbose"]),
  aliases: new Map([...ALIASES, ["d", "plugins-dir"], ["plugins-directory", "plugins-dir"]]),
  required: ["plugins-dir"],
  socketName: "go_pluginserver.sock",
  former: {
    written: new Set(["-d", "--d", "-p", "--p", "-v", "--v", "--verbose", "--sock-name", "--plugins-directory"]),
    socketName: "js_pluginserver.sock",
  },
};

/** Those of one plugin that is a program. */
export const programGrammar = (name: string): FlagGrammar => ({
  valued: new Set(COMMON),
  switches: new Set(["no-parent-watch", "no-supervisor", "verbose"]),
  aliases: new Map(ALIASES),
  required: [],
  socketName: `${name}.socket`,
});

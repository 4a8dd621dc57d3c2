// The door of flags: the table of flags and commands, and the reading of command lines by it.
export { type Command, type CommandName, COMMANDS } from "./tables/commands.js";
export type { Flag } from "./flag.js";
export { type GivenFlags, type FlagValues, settingsOf } from "./flag-values.js";
export { formerSocketName, refuseFormerFlags } from "./former-servers.js";
export { lastValue, normalizeFlags, SWITCH_WORDS, switchedOff } from "./go-flags.js";
export { serverFlags } from "./handed-on.js";
export { parsePath } from "./parse-value.js";
export {
  type Beneath,
  type OwnSocketPlaces,
  programPlan,
  saysKong,
  type ServePlan,
  serverPlan,
  SOCKET_NAME,
} from "./serve-plan.js";
export {
  type CommandFlag,
  commandFlags,
  DUMP_FLAGS,
  type FlagName,
  type FlagNames,
  flagNames,
  FLAGS,
  namedFlags,
  plainFlag,
  PROGRAM_FLAGS,
  takesFlag,
  type TableFlag,
} from "./tables/table.js";
export { ACTION_FLAGS } from "./tables/command-flags.js";
export { SERVER_FLAGS } from "./tables/server-flags.js";
export { KONG_SOCKET, requireAddress, requireTykPlaces, TYK_SOCKET, tykPlace } from "./socket-places.js";
export { usageText } from "./usage-text.js";

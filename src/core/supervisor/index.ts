// The door of supervisor: few modules, since a server listens before it loads anything else.
export { EarlySocket } from "./early-socket.js";
export { programName } from "./program-name.js";
export { sameCommand } from "./same-command.js";
export { programGrammar, SERVER_GRAMMAR } from "./serve-flags.js";
export { type FlagGrammar, type ServePlan, servePlan } from "./serve-plan.js";
export { supervise } from "./supervise.js";
export { type Front, isSupervised, Supervised, supervisorOfThis } from "./supervised.js";

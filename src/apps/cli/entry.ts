// Entry of the command line: checks the runtime before anything is loaded that needs it.
import { type EarlySockets, ownStderr, sameCommand, supervise } from "../../core/supervisor/index.js";
import { dumpApart, dumpWarm } from "./caching/warm-dump.js";
import { type Early, listenEarly, ownSocketPaths } from "./listen-early.js";

const OLDEST = [20, 19] as const;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  process.stderr.write(`pluginserver: Node.js ${OLDEST.join(".")} or newer is needed, this is ${process.version}\n`);
  process.exit(1);
}

// Node.js opens its inspector at this signal, for whoever may send it.
process.on("SIGUSR1", () => {});

const argv = process.argv.slice(2);
// Gateways ask for many dumps, and wait for each.
if (await dumpWarm(argv)) process.exit(0);
const dumped = dumpApart(argv);
if (dumped !== undefined) process.exit(dumped);

const early = await listenEarly(argv);
const isSupervised = early?.plan.isSupervised === true && !early.sockets.areInherited;
const status = isSupervised ? await superviseServer(early) : await runHere(argv, early?.sockets);
// Plugin threads and handles may still be about: the command is done, and so is the process.
process.exit(status);

/** What holds the sockets loads no more than that takes. */
function superviseServer({ sockets, plan }: Early): Promise<number> {
  const servedPaths = ownSocketPaths(plan.ownSockets);
  const log = async (text: string): Promise<void> => (await import("./commands/last-line.js")).logLastLine(argv, text);
  return supervise({ sockets, servedPaths, watchParent: plan.watchParent, command: sameCommand(), log });
}

async function runHere(argv: readonly string[], sockets: EarlySockets | undefined): Promise<number> {
  const writeStderrBy = ownStderr();
  const { run } = await import("./run.js");
  try {
    return await run(argv, sockets, writeStderrBy);
  } finally {
    await sockets?.giveUp();
  }
}

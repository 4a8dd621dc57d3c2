// Owns what a plugin's code may do wrong, how its event ends then, and what the operator reads.
import { expect } from "vitest";
import { type Peer, runPhase, type RunningServer, startInstance } from "../support/index.js";

export interface Fault {
  /** A configuration of the fixture `misbehaves`. */
  readonly how: string;
  /** How its event ends: with 500, or as if nothing were. */
  readonly ends: "exit" | "ret";
  /** What the operator reads, where there is anything to read. */
  readonly log?: RegExp;
}

/** The line has the plugin, what happened, the phase and the instance; the stack follows it. */
const stray = (what: string, message: string): RegExp =>
  new RegExp(`\\[misbehaves\\] ${what}: ${message} \\{.*"function":"access","binding":\\d+`);

/** These end at their event, wherever the plugin runs: also in the thread of a program's socket. */
export const WITHOUT_ISOLATE: readonly Fault[] = [
  { how: "throw", ends: "exit", log: /plugin misbehaves failed in access: thrown on purpose/ },
  { how: "reject", ends: "exit", log: /plugin misbehaves failed in access: rejected on purpose/ },
  { how: "throw in a timer", ends: "ret", log: stray("uncaught exception outside a handler", "thrown in a timer on purpose") },
  { how: "floating rejection", ends: "ret", log: stray("unhandled promise rejection", "floating on purpose") },
  { how: "unawaited call", ends: "exit", log: /failed in access: kong\.service\.request\.set_header got a wrong argument/ },
  { how: "floating call", ends: "exit", log: /failed in access: kong\.service\.request\.set_header got a wrong argument/ },
  { how: "hang", ends: "exit", log: /an event of plugin misbehaves was given up after \d s/ },
  { how: "environment", ends: "ret" },
  { how: "a megabyte of console.log", ends: "ret", log: /\[misbehaves\] \d+ lines were dropped/ },
  { how: "10,000 calls in one tick", ends: "ret" },
];

const REFUSED_SIGNAL = /plugin misbehaves failed in access: a plugin may not send SIGTERM to process \d+/;

const IN_ANY_ISOLATE: readonly Fault[] = [
  ...WITHOUT_ISOLATE,
  { how: "foreign messages", ends: "ret" },
  { how: "a signal to the server", ends: "exit", log: REFUSED_SIGNAL },
  { how: "a signal to the server as text", ends: "exit", log: REFUSED_SIGNAL },
  { how: "a signal to its process group", ends: "exit", log: REFUSED_SIGNAL },
  { how: "a worker with 300 MB", ends: "ret" },
  { how: "loop", ends: "exit", log: /\[misbehaves\] isolate of plugin misbehaves died|no sign of life/ },
  { how: "loop of microtasks", ends: "exit", log: /no sign of life/ },
  { how: "exit", ends: "exit", log: /\[misbehaves\] isolate of plugin misbehaves died/ },
  { how: "objects without end", ends: "exit", log: /\[misbehaves\] isolate of plugin misbehaves died/ },
];

export const IN_A_THREAD: readonly Fault[] = [
  ...IN_ANY_ISOLATE,
  { how: "abort", ends: "exit", log: /plugin misbehaves failed in access: .*process\.abort\(\) is not supported/ },
  { how: "signal to itself", ends: "exit", log: /a plugin may not send SIGKILL to process/ },
  { how: "chdir", ends: "exit", log: /process\.chdir\(\) is not supported/ },
];

export const IN_A_PROCESS: readonly Fault[] = [
  ...IN_ANY_ISOLATE,
  { how: "abort", ends: "exit", log: /ended by SIGABRT/ },
  { how: "signal to itself", ends: "exit", log: /ended by SIGKILL/ },
  { how: "chdir", ends: "ret" },
  { how: "garbage in the channel", ends: "exit", log: /\[misbehaves\] isolate of plugin misbehaves died/ },
  { how: "a growing map", ends: "exit", log: /\[misbehaves\] isolate of plugin misbehaves died/ },
  { how: "one huge allocation", ends: "exit", log: /\[misbehaves\] isolate of plugin misbehaves died/ },
  { how: "a crash of native code", ends: "exit", log: /ended by SIGSEGV/ },
];

/** Causes it: its event ends as it is to, the operator reads why, and the plugin serves another instance again. */
export async function causeFault({ how, ends, log }: Fault, server: RunningServer, peer: Peer): Promise<void> {
  const faulty = await startInstance(peer, "misbehaves", { how });
  const calm = await startInstance(peer, "misbehaves", { how: "none" });
  expect((await runPhase(peer, calm, "access")).end).toBe("ret");
  expect((await runPhase(peer, faulty, "access")).end).toBe(ends);
  if (log !== undefined) await server.waitForLine(log);
  await expect.poll(async () => (await runPhase(peer, calm, "access")).end, { timeout: 15_000 }).toBe("ret");
}

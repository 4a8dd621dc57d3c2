// Names every fault of plugin code that a gateway has to live through, and what is told of it: for the fault suite of each gateway.

/** How the function of `test/fixtures/line-gateway/plugins/misbehaves.cjs` is called, and what its call fails with; text for its result. */
export interface FaultCase {
  readonly how: string;
  /** What the gateway is told; undefined where the call ends well. */
  readonly reason?: RegExp;
}

export const FAULT_CASES: readonly FaultCase[] = [
  { how: "throw", reason: /thrown on purpose/ },
  { how: "reject", reason: /rejected on purpose/ },
  { how: "throw in a timer" },
  { how: "hang", reason: /took (too long|longer than)/ },
  { how: "loop", reason: /took (too long|longer than)|no sign of life/ },
  { how: "loop of microtasks", reason: /took (too long|longer than)|no sign of life/ },
  { how: "exit", reason: /the isolate of plugin misbehaves ended/ },
  // On a busy machine its deadline may pass before its memory is full.
  { how: "objects without end", reason: /took (too long|longer than)|the isolate of plugin misbehaves ended/ },
];

export interface BesideReport {
  readonly calls: number;
  readonly wrong: readonly unknown[];
}

/**
 * Calls a plugin beside the one that misbehaves, one call after another, until it is told to stop. `call` gives what is wrong with the
 * answer, `undefined` for nothing.
 */
export function callBeside(call: (number: number) => Promise<unknown>): { stop(): Promise<BesideReport> } {
  const wrong: unknown[] = [];
  let [calls, isRunning] = [0, true];
  const run = async (): Promise<void> => {
    for (; isRunning; calls += 1) {
      const problem = await call(calls);
      if (problem !== undefined) wrong.push(problem);
    }
  };
  const ran = run();
  return {
    async stop() {
      isRunning = false;
      await ran;
      return { calls, wrong };
    },
  };
}

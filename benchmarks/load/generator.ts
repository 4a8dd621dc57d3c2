// The load generator: a process of its own that runs what the harness asks for, one run after another.
import { SCENARIOS, SMOKE_SCENARIOS } from "../workloads/index.js";
import { runLoad, type LoadRunOptions } from "./load-run.js";
import type { RunResult } from "./measurement.js";

export interface RunRequest extends Omit<LoadRunOptions, "scenario"> {
  readonly scenario: string;
  readonly smoke: boolean;
}

export type RunAnswer = { readonly result: RunResult } | { readonly error: string };

async function answer({ scenario: name, smoke, ...options }: RunRequest): Promise<RunAnswer> {
  try {
    const scenario = (smoke ? SMOKE_SCENARIOS : SCENARIOS).find((candidate) => candidate.name === name);
    if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
    return { result: await runLoad({ ...options, scenario }) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

process.on("message", (request) => {
  void answer(request as RunRequest).then((reply) => process.send?.(reply));
});
process.on("disconnect", () => process.exit());

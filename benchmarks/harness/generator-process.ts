// Owns the load generator's process, on the harness's side.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { RunAnswer, RunRequest } from "../load/generator.js";
import type { RunResult } from "../load/measurement.js";

/** Long enough for bodies of 32 MB with a slow server. */
const RUN_TIMEOUT = 180_000;

export class GeneratorProcess {
  readonly #child: ChildProcess;

  /** `prefix` stands in front of the command, as taskset does. */
  constructor(file: string, prefix: readonly string[]) {
    const [executable, ...args] = [...prefix, process.execPath, file];
    this.#child = spawn(executable, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  }

  /** @throws where the server answers anything but what it has to. */
  async run(request: RunRequest): Promise<RunResult> {
    this.#child.send(request);
    const ended = new AbortController();
    const [message] = (await Promise.race([
      once(this.#child, "message", { signal: ended.signal }),
      once(this.#child, "exit", { signal: ended.signal }).then(() => [{ error: "the load generator ended" }]),
      once(AbortSignal.timeout(RUN_TIMEOUT), "abort", { signal: ended.signal }).then(() => [
        { error: `no result within ${RUN_TIMEOUT / 1000} s` },
      ]),
    ])) as [RunAnswer];
    ended.abort();
    if ("error" in message) throw new Error(message.error);
    return message.result;
  }

  close(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}

// Runs artifacts in worker threads of their own.
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import type { PluginArtifact } from "../../../../src/core/plugins/compile/compile.js";

export type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly stack: string };

/** Node.js 20 loads no TypeScript, so the worker's program is bundled first. */
const program = build({
  entryPoints: [fileURLToPath(new URL("evaluation-worker.ts", import.meta.url))],
  bundle: true,
  platform: "node",
  format: "cjs",
  write: false,
}).then(({ outputFiles }) => outputFiles[0]?.text ?? "");

export async function evaluateInWorker(artifact: PluginArtifact): Promise<Outcome> {
  const worker = new Worker(await program, { eval: true, workerData: artifact });
  try {
    const [outcome] = (await once(worker, "message")) as [Outcome];
    return outcome;
  } finally {
    await worker.terminate();
  }
}

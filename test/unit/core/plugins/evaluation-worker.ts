// Evaluates an artifact in a worker thread, as an isolate does, calls its `probe` and reports what came of it.
import { parentPort, workerData } from "node:worker_threads";
import type { PluginArtifact } from "../../../../src/core/plugins/compile/compile.js";
import { evaluateModule } from "../../../../src/core/worker/evaluate-module.js";

async function probe(): Promise<unknown> {
  const exports = (await evaluateModule(workerData as PluginArtifact)) as Record<string, unknown>;
  const { probe: run } = exports as { probe?: () => unknown };
  return run === undefined ? Object.keys(exports) : await run.call(exports);
}

probe().then(
  (value) => parentPort?.postMessage({ ok: true, value }),
  (thrown: unknown) => parentPort?.postMessage({ ok: false, stack: thrown instanceof Error ? thrown.stack : String(thrown) }),
);

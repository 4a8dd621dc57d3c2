// Builds the project where it is stale, bundles the harness with esbuild and starts it: see README.md for its options.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));

const prepared = spawnSync(process.execPath, [`${here}../scripts/prepare.mjs`], { stdio: "inherit" });
if (prepared.status !== 0) process.exit(prepared.status ?? 1);

await build({
  absWorkingDir: here,
  entryPoints: {
    harness: "harness/main.ts",
    generator: "load/generator.ts",
    "floor-server": "floor-server.ts",
    "grpc-js-server": "grpc-js-server.ts",
    "tyk-floor-server": "tyk-floor-server.ts",
  },
  outdir: ".cache",
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: "inline",
  logLevel: "warning",
});
const { main } = await import("./.cache/harness.js");
process.exitCode = await main({ directory: here, args: process.argv.slice(2) });

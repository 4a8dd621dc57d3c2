// Writes dist/commonjs: the PDK and the test kit for Jest, whose module system has no ES modules. Node.js itself takes those.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const dist = join(dirname(dirname(fileURLToPath(import.meta.url))), "dist");

/** One PDK for all, and one API of each other gateway, as an error's class must be the same everywhere; and what only ES modules reach stays out. */
const shared = {
  name: "shared",
  setup({ onResolve }) {
    onResolve({ filter: /\/pdk\/index\.js$/ }, ({ kind }) =>
      kind === "entry-point" ? undefined : { path: "./pdk.cjs", external: true },
    );
    onResolve({ filter: /(?:^|\/)(?:tyk|\.\.)\/api\/index\.js$/ }, ({ kind }) =>
      kind === "entry-point" ? undefined : { path: "./tyk.cjs", external: true },
    );
    onResolve({ filter: /\/core\/plugins\/index\.js$/ }, () => ({ path: "../core/plugins/index.js", external: true }));
  },
};

await build({
  absWorkingDir: dist,
  entryPoints: {
    pdk: "gateways/kong/pdk/index.js",
    tyk: "gateways/tyk/api/index.js",
    testing: "apps/testing/index.js",
    "testing-kong-js": "apps/testing/kong-js.js",
  },
  outdir: "commonjs",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  packages: "external",
  plugins: [shared],
  platform: "node",
  format: "cjs",
  target: "node20",
  sourcemap: true,
  define: { "import.meta.url": "undefined" },
  logLevel: "warning",
});

// A program's server is one, however it is imported: every Node.js that runs it can `require` ES modules.
writeFileSync(join(dist, "commonjs/server.cjs"), 'module.exports = require("../apps/program/public.js");\n');

// Makes dist/apps/cli/main.js one file with all that it loads to listen: each module of its own takes a gateway's time at a start.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), "dist/apps/cli");

/** What is loaded behind the socket stays in modules of its own. */
const later = {
  name: "later",
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ path, kind }) => (kind === "dynamic-import" ? { path, external: true } : undefined));
  },
};

await build({
  // Not in its place: the compiler writes a file again only when its own source has changed, not when one that it loads has.
  entryPoints: [join(folder, "entry.js")],
  outfile: join(folder, "main.js"),
  bundle: true,
  plugins: [later],
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: true,
  logLevel: "warning",
});

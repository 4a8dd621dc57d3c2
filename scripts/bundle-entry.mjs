// Makes dist/apps/cli/main.js one file with all that it loads to listen: each module of its own takes a gateway's time at a start.
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), "dist/apps/cli");

/** What is loaded behind the socket stays in modules of its own. */
const later = {
  name: "later",
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ path, kind, resolveDir }) => {
      if (kind !== "dynamic-import") return undefined;
      // The file that is written lies elsewhere than some of its modules.
      const fromHere = relative(folder, join(resolveDir, path));
      return { path: fromHere.startsWith(".") ? fromHere : `./${fromHere}`, external: true };
    });
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

// Makes dist/apps/cli/main.js one file with all that it loads to listen: each module of its own takes a gateway's time at a start.
import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), "dist/apps/cli");

const entry = join(folder, "entry.js");

/** What is loaded behind the socket stays in modules of its own. */
const later = {
  name: "later",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^\./ }, ({ path, kind, resolveDir }) => {
      if (kind !== "dynamic-import") return undefined;
      // The file that is written lies elsewhere than some of its modules.
      const fromHere = relative(folder, join(resolveDir, path));
      return { path: fromHere.startsWith(".") ? fromHere : `./${fromHere}`, external: true };
    });
    // What a module finds beside itself is beside the module that it was, not beside the file that is written.
    onLoad({ filter: /dist\/.*\.js$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      if (path === entry || !text.includes("import.meta.url")) return undefined;
      const own = JSON.stringify(relative(folder, path));
      return { contents: text.replaceAll("import.meta.url", `new URL(${own}, import.meta.url).href`), resolveDir: dirname(path) };
    });
  },
};

await build({
  // Not in its place: the compiler writes a file again only when its own source has changed, not when one that it loads has.
  entryPoints: [entry],
  outfile: join(folder, "main.js"),
  bundle: true,
  plugins: [later],
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: true,
  logLevel: "warning",
});

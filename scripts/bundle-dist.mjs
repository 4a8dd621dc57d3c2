// Bundles what a gateway waits for into few files: each module of its own takes time at a start, of the server and of every isolate.
import { copyFile, readFile, rm } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const dist = join(dirname(dirname(fileURLToPath(import.meta.url))), "dist");
const cli = join(dist, "apps/cli");
const server = join(dist, "bundles/server");
const isolate = join(dist, "bundles/isolate");

/** What the server has its isolates load, by URL: the file in dist, and its name in the isolates' bundle. */
const ISOLATE = {
  "core/worker/worker-entry.js": "worker-entry",
  "core/worker/process-entry.js": "process-entry",
  "core/worker/parent-watch-entry.js": "parent-watch-entry",
  "apps/gateways/worker.js": "worker",
  "apps/gateways/tyk-worker.js": "tyk-worker",
  "gateways/kong/worker/gateway-worker.js": "kong-worker",
  "gateways/kong/socket-group/own-socket.js": "own-socket",
  "gateways/kong/socket-group/sibling-socket.js": "sibling-socket",
};
/** What plugins import is the very file that the isolate has loaded already: loading it is nothing that a plugin does. */
const PLUGIN_APIS = new Set(["gateways/kong/pdk/index.js", "gateways/tyk/api/index.js"].map((path) => join(dist, path)));
/** Piscina requires it, so it stays CommonJS, and loads the rest from beside itself. */
const THREAD_ENTRY = join(dist, "core/worker/thread-entry.cjs");

const bundledPaths = new Map([
  ...Object.entries(ISOLATE).map(([path, name]) => [join(dist, path), join(isolate, `${name}.js`)]),
  [THREAD_ENTRY, join(isolate, "thread-entry.cjs")],
]);

/** What a module finds beside itself is beside the module that it was, not beside the file that is written to `folder`. */
const ownPlaces = (folder) => ({
  name: "own-places",
  setup({ onLoad }) {
    const url = (path) => `new URL(${JSON.stringify(relative(folder, bundledPaths.get(path) ?? path))}, import.meta.url)`;
    onLoad({ filter: /dist\/.*\.js$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      if (!text.includes("import.meta.url")) return undefined;
      const contents = text.replaceAll(/new URL\("([^"]*)", import\.meta\.url\)|\bimport\.meta\.url\b/g, (_, beside) =>
        beside === undefined ? `${url(path)}.href` : url(resolve(dirname(path), beside)),
      );
      return { contents, resolveDir: dirname(path) };
    });
  },
});

/** Imports that match stay imports of files in dist. */
const outside = (folder, isOutside) => ({
  name: "outside",
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ path, kind, resolveDir }) => {
      const target = join(resolveDir, path);
      return isOutside(target, kind) ? { path: `./${relative(folder, target)}`, external: true } : undefined;
    });
  },
});

const common = {
  absWorkingDir: dist,
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node20",
  metafile: true,
  logLevel: "warning",
};

/** Writes modules that load one another to one folder, each piece of code once. */
async function bundleTogether(folder, entries, isOutside) {
  await rm(folder, { recursive: true, force: true });
  const options = {
    ...common,
    outdir: folder,
    splitting: true,
    plugins: [ownPlaces(folder), outside(folder, isOutside)],
  };
  // A server loads some files late, when its package may be another one already: they have names that stay.
  const { metafile } = await build({ ...options, entryPoints: entries, write: false });
  const late = Object.values(metafile.outputs)
    .map(({ entryPoint }) => entryPoint)
    .filter((path) => path !== undefined && !Object.values(entries).includes(path));
  const named = Object.fromEntries(late.map((path) => [path.replace(/(?:\/index)?\.js$/, "").replaceAll("/", "-"), path]));
  await build({ ...options, entryPoints: { ...entries, ...named } });
}

// The file that is started: no more than it takes to listen, which is all that the process needs that holds the sockets.
await build({
  ...common,
  // Not in its place: the compiler writes a file again only when its own source has changed, not when one that it loads has.
  entryPoints: ["apps/cli/entry.js"],
  outfile: join(cli, "main.js"),
  plugins: [
    {
      name: "server",
      setup({ onResolve }) {
        const path = relative(cli, join(server, "run.js"));
        onResolve({ filter: /^\.\/run\.js$/ }, ({ kind }) => (kind === "dynamic-import" ? { path, external: true } : undefined));
      },
    },
    outside(cli, (_, kind) => kind === "dynamic-import"),
    ownPlaces(cli),
  ],
});
// The builder bundles plugins with files of dist.
await bundleTogether(server, { run: "apps/cli/run.js" }, (target) => target === join(dist, "build/index.js"));
const isolateEntries = Object.fromEntries(Object.entries(ISOLATE).map(([path, name]) => [name, path]));
await bundleTogether(isolate, isolateEntries, (target) => PLUGIN_APIS.has(target));
await copyFile(THREAD_ENTRY, join(isolate, "thread-entry.cjs"));

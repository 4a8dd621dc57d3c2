// The bundle command: plugins, built, in a zip that Tyk gateways verify and servers load.
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { BuildError, buildPlugin } from "../../../build/index.js";
import { createLogger } from "../../../core/log/index.js";
import { CommandError, messageOf } from "../../../core/model/index.js";
import { type Generation, type LoadOptions, loadPlugins } from "../../../core/plugins/index.js";
import { makeFolder } from "../../../core/runtime/index.js";
import { parseHooks, readBundleKey, type BundleKey, writeBundle } from "../../../gateways/tyk/bundles/index.js";
import { apiDefinition, type HookChain } from "../../../gateways/tyk/conf/index.js";
import { findTykRelease, NEWEST_RELEASE } from "../../../gateways/tyk/releases/index.js";
import { writeOutput } from "../../program/index.js";
import type { BundleOptions } from "../command-line/invocation.js";
import { loadOptions, tykHooks } from "../load-directory.js";
import { mergeEntry } from "../../bundles/index.js";
import { packageVersion } from "../projects/project-files.js";

/** @throws {CommandError} where a plugin cannot be built, or no gateway would take the bundle. */
export async function bundle(options: BundleOptions): Promise<void> {
  const { out, sign, manifest } = options;
  const key = sign === undefined ? undefined : await readKey(sign);
  const given = manifest === undefined ? undefined : await readHooks(manifest);
  const logger = createLogger(options.log);
  const load = await loadOptions(options, logger);
  const stage = await mkdtemp(join(tmpdir(), "pluginserver-bundle-"));
  try {
    await buildAll(options.plugins, stage, load, (text) => logger.warn(text));
    const registry = await loadPlugins(stage, { ...load, trustedKeys: [] });
    const plugins = registry.list();
    const customMiddleware = given ?? hooksFrom(tykHooks(registry, logger).chain);
    const names = plugins.map(({ name }) => name);
    const { bytes, version } = await writeBundle({ files: await filesIn(stage), customMiddleware, key, plugins: names });
    const path = out.replace(/\.zip$/, `-${version}.zip`);
    makeFolder(dirname(resolve(path)));
    await writeFile(path, bytes);
    const entry = {
      name: basename(out, ".zip"),
      version: commonVersion(plugins) ?? version,
      url: basename(path),
      digest: createHash("sha256").update(bytes).digest("hex"),
    };
    await writeOutput(describe(path, bytes.length, key !== undefined));
    if (options.index === undefined) await writeOutput(`In plugins.json:\n${mergeEntry(undefined, entry)}`);
    else await addTo(options.index, path, entry);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** Undefined where the plugins have several: then what is in the bundle names it. */
function commonVersion(plugins: readonly Generation[]): string | undefined {
  const [first, ...others] = new Set(plugins.map(({ metadata }) => metadata.version));
  return others.length === 0 && first !== undefined && first !== "" ? first : undefined;
}

/** In one step: who reads the index meanwhile has the former one. @throws {BundledError} for a file that is no index. */
async function addTo(index: string, zip: string, entry: Parameters<typeof mergeEntry>[1]): Promise<void> {
  const former = await readFile(index, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    return unreadable("index", index, error);
  });
  const url = relative(dirname(resolve(index)), resolve(zip))
    .split(sep)
    .join("/");
  const fresh = `${index}.${process.pid}`;
  await writeFile(fresh, mergeEntry(former, { ...entry, url }));
  await rename(fresh, index);
  await writeOutput(`${index}: ${entry.name} is ${entry.version}, sha256:${entry.digest}\n`);
}

async function buildAll(plugins: readonly string[], out: string, load: LoadOptions, warn: (text: string) => void): Promise<void> {
  const version = await packageVersion();
  for (const plugin of plugins) {
    try {
      const { warnings } = await buildPlugin(plugin, { out, version, key: undefined, load });
      for (const warning of warnings) warn(`${plugin}: ${warning}`);
    } catch (error) {
      if (!(error instanceof BuildError)) throw error;
      throw new CommandError(`not bundled: ${plugin}: ${error.message}`, { cause: error });
    }
  }
}

function hooksFrom(chain: HookChain): Readonly<Record<string, unknown>> {
  const [, ...others] = chain.authCheck;
  if (others.length > 0)
    throw new CommandError(
      `the plugins have ${chain.authCheck.length} authCheck hooks (${chain.authCheck.join(", ")}), and a bundle names one: choose with -manifest`,
    );
  const { custom_middleware } = apiDefinition(chain, findTykRelease(NEWEST_RELEASE), "classic");
  return custom_middleware as Readonly<Record<string, unknown>>;
}

async function readHooks(path: string): Promise<Readonly<Record<string, unknown>>> {
  return parseHooks(await readFile(path).catch((error: unknown) => unreadable("manifest", path, error)));
}

async function readKey(path: string): Promise<BundleKey> {
  return readBundleKey(await readFile(path, "utf8").catch((error: unknown) => unreadable("sign", path, error)));
}

function unreadable(flag: string, path: string, error: unknown): never {
  throw new CommandError(`-${flag} ${path}: ${messageOf(error)}`, { cause: error });
}

async function filesIn(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = new Map<string, Buffer>();
  for (const path of paths.sort()) files.set(relative(folder, path).split(sep).join("/"), await readFile(path));
  return files;
}

function describe(path: string, size: number, isSigned: boolean): string {
  const name = path.slice(path.lastIndexOf(sep) + 1);
  const facts = `${Math.ceil(size / 1024)} KB, ${isSigned ? "signed" : "not signed"}`;
  return `${path} (${facts})\nIn the API definition: "custom_middleware_bundle": "${name}"\n`;
}

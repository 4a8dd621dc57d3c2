// Loads a plugins directory, and the keys for it, for the commands that look at it without serving it.
import type { Logger } from "pino";
import { readFile } from "node:fs/promises";
import { type Generation, type LoadOptions, loadPlugins, type PluginRegistry } from "../../core/plugins/index.js";
import { pluginEnvironment, requireDirectory } from "../program/index.js";
import { ALL_GATEWAYS, hookFunctionsOf, isForTyk, isTyk, refusedOnTyk } from "../gateways/index.js";
import { PLUGIN_API } from "../plugin-api/index.js";
import { type LoadingOptions, namesBundle } from "./command-line/invocation.js";
import { openPluginCache } from "./caching/plugin-cache.js";
import { reportLeftOut } from "./caching/warm-dump.js";
import { CommandError, messageOf } from "../../core/model/index.js";
import { readSigningKey, readTrustedKeys, type SigningKey, type TrustedKey } from "../../core/signing/index.js";
import { chainOf, type HookChain, hooksOf } from "../../gateways/tyk/conf/index.js";

/**
 * The plugins of Kong; those of another gateway are nothing that is wrong.
 * @throws {CommandError} where the directory is not there, or a key cannot be read.
 */
export async function loadDirectory(options: LoadingOptions, logger: Logger): Promise<PluginRegistry> {
  return (await loadForAll(options, logger)).only((generation) => !isTyk(generation));
}

/** Those of all gateways: what a server would make of them. @throws {CommandError} as above. */
export async function loadForAll(options: LoadingOptions, logger: Logger): Promise<PluginRegistry> {
  const { withDirectory } = await import("./bundled-directory.js");
  const load = await loadOptions(options, logger);
  return withDirectory(options, load, logger, async (directory) => {
    await requireDirectory(directory, "the plugins directory");
    return loadPlugins(directory, load);
  });
}

/** @throws {CommandError} where a key cannot be read. */
export async function loadOptions(options: LoadingOptions, logger: Logger): Promise<LoadOptions> {
  return {
    ...ALL_GATEWAYS,
    api: PLUGIN_API,
    versionMatch: options.pdkMatch,
    trustedKeys: await trustedKeys(options.trust),
    loadTimeout: options.loadTimeout,
    limits: { memory: options.isolateMemory, env: pluginEnvironment(options.hiddenEnvironment) },
    onPluginLog: (plugin, { level, message }) => logger[level]({ plugin }, `[${plugin}] ${message}`),
    ...caching(options, logger),
  };
}

/** What is kept of plugins, and who hears where nothing is: nobody has to do anything about it. */
export function caching(options: LoadingOptions, logger: Logger): Pick<LoadOptions, "cache" | "onNotKept"> {
  const notKept = (reason: string): void => logger.debug(`compiled plugins are not kept for the next start: ${reason}`);
  return {
    cache: openPluginCache({ trust: options.trust, isTemporary: namesBundle(options), onNone: notKept }),
    onNotKept: notKept,
  };
}

/** Plugins that do not load are left out of what a gateway gets to see. */
export function reportProblems(registry: PluginRegistry, logger: Logger): void {
  reportLeftOut(registry.problems(), logger);
}

/** @throws {CommandError} naming the file. */
export async function trustedKeys(paths: readonly string[]): Promise<TrustedKey[]> {
  return (await Promise.all(paths.map((path) => readKeys("trust", path, readTrustedKeys)))).flat();
}

/** @throws {CommandError} naming the file. */
export async function signingKey(path: string | undefined): Promise<SigningKey | undefined> {
  return path === undefined ? undefined : readKeys("sign", path, readSigningKey);
}

async function readKeys<Keys>(flag: string, path: string, parse: (pem: string) => Keys): Promise<Keys> {
  try {
    return parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new CommandError(`-${flag} ${path}: ${messageOf(error)}`);
  }
}

export interface TykHooks {
  /** The hooks of the plugins that loaded and that Tyk can call, in the order of their names. */
  readonly chain: HookChain;
  /** The plugins of Kong's among them that stand under `post`, and may stand under `auth_check` or `post_key_auth` in its place. */
  readonly movable: readonly string[];
}

/** What a plugin for Kong needs and Tyk does not have is told, and it is left out. */
export function tykHooks(registry: PluginRegistry, logger: Logger): TykHooks {
  const plugins = registry.list().filter((generation) => isForTyk(generation) && isWholeOnTyk(generation, logger));
  const hooks = plugins.map((generation) => hooksOf(generation.name, calledHooks(generation)));
  return { chain: chainOf(hooks), movable: plugins.filter(isMovable).map(({ name }) => name) };
}

function isWholeOnTyk(generation: Generation, logger: Logger): boolean {
  const { name, artifact } = generation;
  const refused = isTyk(generation) ? [] : refusedOnTyk(artifact.code);
  if (refused.length > 0)
    logger.warn({ plugin: name }, `plugin ${name} is left out: there is no ${refused.join(", ")} behind Tyk`);
  return refused.length === 0;
}

/** What Tyk calls with an access handler: once for a request. */
const OF_ACCESS = ["post/post", "authCheck/authCheck", "postAuthCheck/postAuthCheck"];

const isMovable = (generation: Generation): boolean =>
  !isTyk(generation) && OF_ACCESS.every((name) => hookFunctionsOf(generation).includes(name));

/** What Tyk may call in a plugin, in one place each: `pre/addFooBar`. */
export function calledHooks(generation: Generation): readonly string[] {
  const [, ...others] = isMovable(generation) ? OF_ACCESS : [];
  return hookFunctionsOf(generation).filter((name) => !others.includes(name));
}

// Makes a plugins directory of bundles, where the command line names a zip file or an index of bundles in place of a folder.
import type { Logger } from "pino";
import { CommandError } from "../../core/model/index.js";
import { type LoadOptions, loadPlugins } from "../../core/plugins/index.js";
import { BundledPlugins, fileBundle, httpBundles, KeptBundles } from "../bundles/index.js";
import { type LoadingOptions, namesBundle } from "./command-line/invocation.js";
import { openKept, readKey } from "./serve-bundles.js";

/** Undefined for a folder. @throws {CommandError} for a key that cannot be read. @throws {BundledError} for an address that is none. */
export async function openBundled(
  options: LoadingOptions & { readonly bundleInterval?: number | undefined },
  load: LoadOptions,
  logger: Logger,
): Promise<BundledPlugins | undefined> {
  if (!namesBundle(options)) return undefined;
  const { pluginsUrl, pluginsDirectory, publicKey, bundleInterval: interval } = options;
  const source = pluginsUrl === undefined ? fileBundle(pluginsDirectory) : httpBundles(pluginsUrl);
  return BundledPlugins.open({
    source,
    kept:
      pluginsUrl === undefined
        ? undefined
        : await openKept(
            { given: options.bundleCache, name: "plugins", place: pluginsUrl },
            (folder) => KeptBundles.open(folder),
            logger,
          ),
    publicKey: publicKey === undefined ? undefined : await readKey(publicKey),
    interval,
    check: async (directory) =>
      (await loadPlugins(directory, { ...load, runsInit: true })).problems().map(({ name, reason }) => `${name}: ${reason}`),
    logger,
  });
}

/** The directory for a command that looks at it once. @throws {CommandError} where no bundle can be had. */
export async function withDirectory<Result>(
  options: LoadingOptions,
  load: LoadOptions,
  logger: Logger,
  use: (directory: string) => Promise<Result>,
): Promise<Result> {
  const bundled = await openBundled(options, load, logger);
  if (bundled === undefined) return use(options.pluginsDirectory);
  try {
    if (!bundled.isKnown) throw new CommandError(bundled.problems.join("; "));
    return await use(bundled.directory);
  } finally {
    await bundled.close();
  }
}

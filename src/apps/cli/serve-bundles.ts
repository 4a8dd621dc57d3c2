// Makes the source of plugins that come in bundles, as the command line says where they are.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Logger } from "pino";
import { CommandError, messageOf } from "../../core/model/index.js";
import type { LoadOptions } from "../../core/plugins/index.js";
import { userCache } from "../../core/runtime/index.js";
import { bundleSource, KeptZips, readPublicKey, type VerifyingKey } from "../../gateways/tyk/bundles/index.js";
import type { DefinitionSource } from "../../gateways/tyk/definitions/index.js";
import { BundlePlugins } from "../../gateways/tyk/server/index.js";
import { isForTyk } from "../gateways/index.js";
import type { BundleServing } from "./command-line/invocation.js";

/** @throws {CommandError} for a key that cannot be read. @throws {BundleError} for a place that no bundle comes from. */
export async function createBundles(
  { place, names, publicKey, interval, cache }: BundleServing,
  definitions: DefinitionSource | undefined,
  load: Omit<LoadOptions, "onPluginLog">,
  logger: Logger,
): Promise<BundlePlugins> {
  const key = publicKey === undefined ? undefined : await readKey(publicKey);
  return new BundlePlugins({
    store: {
      source: bundleSource(place),
      names: names.length > 0 ? () => Promise.resolve(names) : () => definitions?.bundles() ?? Promise.resolve([]),
      keptZips: await openKept({ given: cache, name: "bundles", place }, (folder) => KeptZips.open(folder), logger),
      publicKey: key,
      interval,
    },
    // Who signed the bundle signed its plugins.
    load: { ...load, cache: undefined, ...(key === undefined ? {} : { trustedKeys: [] }) },
    owns: isForTyk,
    logger,
  });
}

/** @throws {CommandError} for a key that cannot be read. */
export async function readKey(path: string): Promise<VerifyingKey> {
  const pem = await readFile(path, "utf8").catch((error: unknown) => {
    throw new CommandError(`-public-key ${path}: ${messageOf(error)}`, { cause: error });
  });
  return readPublicKey(pem);
}

/**
 * Opens where the bundles of one place are kept: below the folder that is given, or the one of this name in the user's cache.
 * Undefined, with a warning, where nothing can be kept: bundles are served all the same.
 */
export async function openKept<Kept>(
  { given, name, place }: { readonly given: string | undefined; readonly name: string; readonly place: string },
  open: (folder: string) => Kept | Promise<Kept>,
  logger: Logger,
): Promise<Kept | undefined> {
  const folder = given === undefined ? join(userCache(), "pluginserver", name) : resolve(given);
  try {
    // Two places may have bundles of one name.
    return await open(join(folder, createHash("sha256").update(place).digest("hex").slice(0, 16)));
  } catch (error) {
    const reason = messageOf(error);
    logger.warn(`bundles are not kept for the next start, see -bundle-cache: ${reason}`);
    return undefined;
  }
}

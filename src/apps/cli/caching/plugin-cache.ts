// Says where compiled plugins are kept between starts, and what they are kept for.
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "../../../core/model/index.js";
import { CacheFolder, NOWHERE, PluginCache, type PluginCacheOptions } from "../../../core/plugins/index.js";
import { userCache } from "../../../core/runtime/index.js";

/** What is said of the place, and of what must not come from it. */
export interface CacheUse {
  /** Paths of public keys: with any of them the code is compiled each time from what was verified. */
  readonly trust: readonly string[];
  /** Whether plugins are unpacked into a folder of the moment. */
  readonly isTemporary: boolean;
  /** Nothing can be kept there: all works without. */
  readonly onNone: (reason: string) => void;
}

export const openPluginCache = (use: CacheUse): PluginCache => new PluginCache(pluginCacheOptions(use));

export function pluginCacheOptions({ trust, isTemporary, onNone }: CacheUse): PluginCacheOptions {
  if (trust.length > 0 || isTemporary) return NOWHERE;
  try {
    return { folder: CacheFolder.open(join(userCache(), "pluginserver", "compiled")), server: serverIdentity() };
  } catch (error) {
    onNone(messageOf(error));
    return NOWHERE;
  }
}

/** The version, and the very file: packages have files of one time in all their versions, builds one version at all times. */
function serverIdentity(): string {
  const main = fileURLToPath(new URL("../main.js", import.meta.url));
  const { ino, size, mtimeMs, ctimeMs } = statSync(main);
  const manifest = readFileSync(new URL("../../../../package.json", import.meta.url), "utf8");
  return createHash("sha256")
    .update(JSON.stringify([main, ino, size, mtimeMs, ctimeMs, manifest]))
    .digest("hex");
}

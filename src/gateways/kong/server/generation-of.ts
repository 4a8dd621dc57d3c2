// Makes the one generation of a plugin whose handlers are in this thread already.
import { statSync } from "node:fs";
import { checkAnnouncement } from "./check-announcement.js";
import type { Generation } from "../../../core/plugins/index.js";
import { metadataOf, type PluginDefinition } from "../worker/index.js";
import { EmbeddedError } from "./errors.js";

/**
 * `name` is that of a plugin that states none.
 * @throws {EmbeddedError} where a gateway would refuse the plugin.
 */
export function generationOf(definition: PluginDefinition, name: string, path: string): Generation {
  const metadata = metadataOf(definition, name);
  const { errors, ...said } = checkAnnouncement(metadata, { name, root: path, entry: path });
  if (errors.length > 0) throw new EmbeddedError("EMBEDDED_REFUSED", `a gateway would refuse it: ${errors.join("; ")}`);
  return {
    name: metadata.name,
    path,
    artifact: { entry: path, format: "esm", code: "" },
    metadata,
    inputs: [],
    content: "",
    ...said,
    modified: (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) / 1000,
    loaded: Date.now() / 1000,
  };
}

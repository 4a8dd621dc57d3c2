// Makes the one generation of a plugin whose handlers are in this thread already.
import { checkAnnouncement } from "./check-announcement.js";
import { type Generation, inThreadGeneration } from "../../../core/plugins/index.js";
import { metadataOf, type KongDefinition } from "../worker/index.js";
import { EmbeddedError } from "./errors.js";

/**
 * `name` is that of a plugin that states none.
 * @throws {EmbeddedError} where a gateway would refuse the plugin.
 */
export function generationOfDefinition(definition: KongDefinition, name: string, path: string): Generation {
  const metadata = metadataOf(definition, name);
  const { errors, ...said } = checkAnnouncement(metadata, { name, root: path, entry: path });
  if (errors.length > 0) throw new EmbeddedError("EMBEDDED_REFUSED", `a gateway would refuse it: ${errors.join("; ")}`);
  return inThreadGeneration(metadata, said, path);
}

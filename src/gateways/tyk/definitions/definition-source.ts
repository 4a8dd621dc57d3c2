// Says what a source of API definitions can do.
import type { ApiDefinition } from "../api/index.js";

export interface DefinitionSource {
  /** @throws {DefinitionError} where there is none, or it cannot be had. */
  definition(apiId: string): Promise<ApiDefinition>;
  /** What the definitions call their bundles; none where the source does not know them all. */
  bundles(): readonly string[];
  /** May be called twice. */
  close(): Promise<void>;
}

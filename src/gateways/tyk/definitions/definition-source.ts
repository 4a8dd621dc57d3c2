// Says what a source of API definitions can do.
import type { ApiDefinition } from "../api/index.js";

export interface DefinitionSource {
  /** @throws {DefinitionError} where there is none, or it cannot be had. */
  definition(apiId: string): Promise<ApiDefinition>;
  /** What the definitions of all APIs call their bundles. @throws {DefinitionError} where they cannot be had. */
  bundles(): Promise<readonly string[]>;
  /** May be called twice. */
  close(): Promise<void>;
}

// Makes the one generation of a plugin whose functions are in this thread already.
import { statSync } from "node:fs";
import type { PluginMetadata } from "../channel/index.js";
import type { DefinitionCheck, Generation } from "./registry/registry.js";

export function inThreadGeneration(metadata: PluginMetadata, said: Omit<DefinitionCheck, "errors">, path: string): Generation {
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

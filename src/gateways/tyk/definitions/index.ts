// The door of definitions: what a gateway's API definitions say, for plugins that ask.
export { parseDefinition } from "./api-definition.js";
export type { DefinitionSource } from "./definition-source.js";
export { definitionSource, type DefinitionOptions } from "./open-definitions.js";
export type { DefinitionErrorCode } from "./errors.js";

// The door of schema: what a schema in Kong's language says, whether it holds, and whether a configuration fits it.
export { checkConfig, type ConfigProblem } from "./check-config.js";
export { checkSchema } from "./check-schema.js";
export { isDeeperThan, MAX_NESTING } from "./nesting.js";
export { withNewDefaults } from "./new-defaults.js";
export { redactConfig } from "./redact-config.js";
export type { SchemaProblem } from "./schema-problem.js";
export { unknownFields } from "./unknown-fields.js";

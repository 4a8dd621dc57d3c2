// The door of schema: what a schema in Kong's language says, whether it holds, and whether a configuration fits it.
export { checkSchema } from "./check-schema.js";
export { checkConfig, type ConfigProblem } from "./configuration/check-config.js";
export { ownConfig, gatewayIds } from "./configuration/gateway-keys.js";
export { withNewDefaults } from "./configuration/new-defaults.js";
export { parseConfig } from "./configuration/parse-config.js";
export { redactConfig } from "./configuration/redact-config.js";
export { unknownFields } from "./configuration/unknown-fields.js";
export { isDeeperThan } from "./nesting.js";
export type { SchemaProblem } from "./schema-problem.js";

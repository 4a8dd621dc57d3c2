// What Kong's schemas say of the configurations that a reload meets.
import { isDeepStrictEqual } from "node:util";
import type { ConfigurationRules } from "../../../core/server/index.js";
import { checkConfig, gatewayIds, ownConfig, parseConfig, unknownFields, withNewDefaults } from "../schema/index.js";

export const kongConfigurations: ConfigurationRules = {
  misfits: (fields, text) => {
    const config = parseConfig(text);
    return [...checkConfig(fields, config), ...(config === undefined ? [] : unknownFields(fields, config))];
  },
  withNewDefaults: (fields, before, text) => {
    const config = parseConfig(text);
    if (config === undefined) return text;
    const filled = withNewDefaults(before, fields, config);
    return filled === config ? text : JSON.stringify(filled);
  },
  isSame: (fields, text, otherFields, other) => isDeepStrictEqual(own(fields, text), own(otherFields, other)),
  idsOf: (text) => ({ ...gatewayIds(text) }),
};

function own(fields: readonly unknown[], text: string): unknown {
  const config = parseConfig(text);
  return config === undefined ? text : ownConfig(config, fields);
}

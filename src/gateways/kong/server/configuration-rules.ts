// What Kong's schemas say of the configurations that a reload meets.
import { isDeepStrictEqual } from "node:util";
import { cutText } from "../../../core/model/index.js";
import type { ConfigurationRules } from "../../../core/server/index.js";
import { checkConfig, gatewayIds, ownConfig, parseConfig, unknownFields, withNewDefaults } from "../schema/index.js";

/** Characters: names of the configuration's own keys are in it. */
const MAX_REASON = 8192;

export const kongConfigurations: ConfigurationRules = {
  misfits: (fields, text) => {
    const config = parseConfig(text);
    return [...checkConfig(fields, config), ...(config === undefined ? [] : unknownFields(fields, config))];
  },
  refusal: (plugin, fields, text) => {
    const config = parseJson(text);
    if (config === undefined) return `the configuration of plugin ${plugin} is no JSON`;
    const problems = checkConfig(fields, config).map(({ path, reason }) => `${path} ${reason}`);
    if (problems.length === 0) return undefined;
    return cutText(`the configuration does not fit the schema of plugin ${plugin}: ${problems.join("; ")}`, MAX_REASON);
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Whoever asks says so.
    return undefined;
  }
}

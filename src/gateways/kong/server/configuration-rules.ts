// What Kong's schemas say of the configurations that a reload meets.
import { isDeepStrictEqual } from "node:util";
import { cutText } from "../../../core/model/index.js";
import type { ConfigurationRules } from "../../../core/server/index.js";
import {
  checkConfig,
  gatewayIds,
  isDeeperThan,
  ownConfig,
  parseConfig,
  redactConfig,
  unknownFields,
  withNewDefaults,
} from "../schema/index.js";

/** Levels of a configuration that a status shows: more of them fit into no message of ProtoBuf:1. */
const SHOWN_NESTING = 24;
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
  shown: (schemas, text) => {
    const config = parseJson(text);
    // Of one that cannot be read nothing is known to be no secret.
    if (config === undefined || isDeeperThan(SHOWN_NESTING, config)) return null;
    return schemas.reduce<unknown>((shown, fields) => redactConfig(fields, shown), config);
  },
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

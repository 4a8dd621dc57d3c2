// Writes the JSON schema of the server's configuration file from the table of flags.

const plain = (markdown) => markdown.replaceAll("`", "");
const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

const DURATION = { type: "string", pattern: "^\\d+(\\.\\d+)?(ms|s|m|h)?$" };
const SIZE = { type: "string", pattern: "^\\d+([KMGkmg]?[Bb])?$" };
const number = (least) => ({ type: "integer", minimum: least });
const text = { type: "string", minLength: 1 };
const list = (items) => ({ type: "array", items, maxItems: 1000 });

const KINDS = {
  switch: () => ({ type: "boolean" }),
  text: () => text,
  path: () => text,
  inspect: () => text,
  optional: () => ({ anyOf: [text, { type: "boolean" }, { type: "number" }] }),
  levels: () => text,
  paths: () => ({ anyOf: [text, list(text)] }),
  texts: () => ({ anyOf: [text, list(text)] }),
  names: () => ({ anyOf: [{ type: "string" }, list({ type: "string" })] }),
  choice: ({ choices }) => ({ enum: choices }),
  count: ({ least = 1 }) => number(least),
  duration: () => ({ anyOf: [DURATION, { type: "number", exclusiveMinimum: 0 }] }),
  size: () => ({ anyOf: [SIZE, number(1)] }),
  mode: () => ({
    anyOf: [
      { type: "string", pattern: "^0?o?[0-7]{3}$" },
      { type: "integer", minimum: 0 },
    ],
  }),
};

const standard = ({ kind, default: value }) => {
  if (kind === "switch") return false;
  return kind === "count" && value !== undefined ? Number(value) : value;
};

function propertyOf(flag, programFlag) {
  const value = standard(flag);
  // A program takes what a server does, and where it takes less, that too.
  const least = Math.min(flag.least ?? 1, programFlag?.least ?? 1);
  return {
    ...KINDS[flag.kind]({ ...flag, least }),
    description: sentence(plain(flag.help)),
    ...(value === undefined ? {} : { default: value }),
  };
}

/** Draft 7, which editors know. */
export function configSchema(flags, programFlags) {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "The configuration file of pluginserver: settings by the names of flags",
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(
      flags.map((flag) => [
        flag.name,
        propertyOf(
          flag,
          programFlags.find(({ name }) => name === flag.name),
        ),
      ]),
    ),
  };
}

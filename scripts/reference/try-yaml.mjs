// Writes of try.yaml what the stand-in gateway's own description of it says: a page for people and a JSON schema for editors.

/** The objects of the document by the name of their key; where one is found in two places, the one with more keys. */
export function entitiesOf(document) {
  const found = new Map();
  const visit = (shape) => {
    for (const [name, { inner }] of Object.entries(shape)) {
      if (inner === undefined) continue;
      const known = found.get(name);
      if (known === undefined || Object.keys(known).length < Object.keys(inner.shape).length) found.set(name, inner.shape);
      visit(inner.shape);
    }
  };
  visit(document);
  return found;
}

const code = (text) => `\`${text}\``;

function takes({ inner, type }, name) {
  return inner === undefined ? type : `a list of [${name}](#${name})`;
}

function fallback({ isRequired, fallback: value }) {
  if (isRequired) return "(needed)";
  if (value === undefined) return "";
  return code(JSON.stringify(value));
}

const cell = (text) => text.replaceAll("|", "\\|");

function table(shape) {
  const rows = Object.entries(shape).map(
    ([name, key]) => `| ${code(name)} | ${cell(takes(key, name))} | ${fallback(key)} | ${cell(key.about)} |`,
  );
  return ["| key | takes | default | meaning |", "|---|---|---|---|", ...rows].join("\n");
}

export function renderTryYaml({ document, authenticators }, intro) {
  const blocks = [
    "<!-- Generated from src/gateways/kong/standin/entity-shapes.ts by `npm run docs:reference`: do not edit. -->",
    intro,
    "## The document",
    table(document),
    ...[...entitiesOf(document)].flatMap(([name, shape]) => [`## ${name}`, table(shape)]),
    "## Authentication",
    "`key-auth` and `basic-auth` are the stand-in's own, unless the plugin server has a plugin of that name. They run before plugins with a priority below theirs (1250 and 1100, as in Kong). Their `config`:",
    ...Object.entries(authenticators).flatMap(([name, shape]) => [`### ${name}`, table(shape)]),
  ];
  return `${blocks.join("\n\n")}\n`;
}

/** Draft 7, which editors know. */
export function trySchema(document) {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "try.yaml: the configuration of pluginserver's stand-in gateway",
    ...objectSchema(document),
  };
}

function objectSchema(shape) {
  const needed = Object.keys(shape).filter((name) => shape[name].isRequired);
  return {
    type: "object",
    additionalProperties: false,
    ...(needed.length === 0 ? {} : { required: needed }),
    properties: Object.fromEntries(Object.entries(shape).map(([name, key]) => [name, keySchema(key)])),
  };
}

function keySchema({ about, fallback: value, inner, schema }) {
  const own = inner === undefined ? schema : { type: "array", items: objectSchema(inner.shape) };
  return { ...own, description: about, ...(value === undefined ? {} : { default: value }) };
}

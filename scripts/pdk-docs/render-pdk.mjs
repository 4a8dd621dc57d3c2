// Writes the document: a table of all functions by phase, each function, then errors, plugins, schemas and other types.

const PHASES = ["certificate", "rewrite", "access", "response", "preread", "log"];
const OLDEST = "2.0.5";

/** The exports beside `kong`, by the file that owns them, in the order of the document. */
const CHAPTERS = [
  ["Declaring a plugin", ["define-plugin.ts", "kong-for.ts", "phases.ts", "version.ts"]],
  ["The configuration's schema", ["schema.ts", "infer-config.ts"]],
  ["Entities", ["entities.ts"]],
  ["Headers, queries and bodies", ["values.ts", "body.ts"]],
  ["The table of functions", ["methods.ts", "not-offered.ts", "js-name.ts"]],
];

/** Interfaces of options that belong to a namespace, and whatever has no chapter. */
const REST = "Other types";

/** @param {import("./read-pdk.mjs").Pdk} pdk */
export function renderPdk({ kong, exports, errorCodes, notOffered }) {
  const namespaces = flat(kong).filter(({ functions }) => functions.length > 0);
  const errorExports = exports.filter(({ file }) => file === "errors.ts");
  const placed = new Set([...CHAPTERS.flatMap(([, files]) => files), "errors.ts"]);
  const chapters = [...CHAPTERS, [REST, [...new Set(exports.map(({ file }) => file))].filter((file) => !placed.has(file))]];
  const blocks = [
    "<!-- Generated from src/gateways/kong/pdk by `npm run docs:pdk`: do not edit. -->",
    "# The PDK",
    kong.comment.description,
    "## Functions by phase",
    "● means in every recorded version that has the function; a version means from that one on. A `KongFor` has the marked functions of its phase.",
    phaseTable(namespaces),
    ...namespaces.flatMap(namespaceBlocks),
    "## Not offered",
    "The gateway has these, and lets no plugin server use them. A call of a refused one would never be answered: it fails with `PDK_WRONG_PHASE` in every phase. An unknown one answers nothing in any recorded version.",
    notOfferedTable(notOffered),
    "## Errors",
    errorTable(errorCodes),
    ...errorExports.flatMap(declarationBlocks),
    ...chapters.flatMap(([title, files]) =>
      chapter(
        title,
        files.flatMap((file) => exports.filter((each) => each.file === file)),
      ),
    ),
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

const flat = (namespace) => [namespace, ...namespace.namespaces.flatMap(flat)];

/** Such as "Phases: rewrite, access, response (2.8.5+). Measured from 2.2.2." */
function readPhases({ description }) {
  const text = description.replace(/\s+/g, " ");
  const names = /Phases: ((?:[a-z]+(?: \([\d.]+\+\))?(?:, )?)+)\./.exec(text)?.[1] ?? "";
  const found = new Map(
    names.split(", ").map((part) => {
      const [, name = "", from] = /^(\w+)(?: \(([\d.]+)\+\))?$/.exec(part) ?? [];
      return [name, from];
    }),
  );
  const phases = found.has("all") ? new Map(PHASES.map((phase) => [phase, undefined])) : found;
  return { phases, since: /Measured from (\d+\.\d+\.\d+)/.exec(text)?.[1] ?? OLDEST };
}

function phaseTable(namespaces) {
  const rows = namespaces
    .flatMap(({ functions }) => functions)
    .map(({ path, comment }) => {
      const { phases, since } = readPhases(comment);
      const cells = PHASES.map((phase) => (phases.has(phase) ? (phases.get(phase) ?? "●") : ""));
      return [`[${path.replace(/^kong\./, "")}](#${anchor(path)})`, ...cells, since];
    });
  return table(["`kong.`", ...PHASES, "since"], rows);
}

const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`.replace(/ {2,}/g, " ")).join("\n");

/** As Markdown readers make it of a heading. */
const anchor = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^a-z0-9 _-]/g, "")
    .replaceAll(" ", "-");

const code = (text) => `\`\`\`ts\n${text}\n\`\`\``;

function namespaceBlocks({ path, comment, functions }) {
  return [`## ${path}`, comment.description, ...comment.examples.map(code), ...functions.flatMap(functionBlocks)];
}

function functionBlocks({ path, signatures, comment }) {
  const { since } = readPhases(comment);
  const [told, ...facts] = comment.description.split(/(?=^Phases: )/m);
  return [
    `### ${path}`,
    code(signatures.join("\n")),
    told.trim(),
    ...facts.map((text) => {
      const oldest = text.includes("Measured from") ? "" : ` Since ${since} or earlier.`;
      return `${text.trim().replace(/^Phases:/, "**Phases:**")}${oldest}`;
    }),
    comment.params.map(({ name, text }) => `- \`${name}\`: ${text.replace(/\s*\n\s*/g, " ")}`).join("\n"),
    ...comment.examples.map(code),
  ];
}

const notOfferedTable = (rows) =>
  table(
    ["in the gateway", "", "instead"],
    rows.map(({ method, because, instead }) => [
      `\`${method}\``,
      because,
      instead.replace(/kong\.[\w.]+(?:\("\w+"\))?/g, "`$&`"),
    ]),
  );

const errorTable = (codes) =>
  table(
    ["`code`", "when"],
    codes.map(({ code: name, text }) => [`\`${name}\``, text.trim()]),
  );

function chapter(title, declarations) {
  if (declarations.length === 0) return [];
  return [`## ${title}`, ...declarations.flatMap(declarationBlocks)];
}

function declarationBlocks({ name, source, comment }) {
  return [`### ${name}`, comment.description, source === "" ? "" : code(source), ...comment.examples.map(code)];
}

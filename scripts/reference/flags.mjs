// Writes docs/flags.md and the README's table of flags from the table of flags and commands.

const code = (text) => `\`${text}\``;
const cell = (text) => text.replaceAll("|", "\\|");
const row = (cells) => `|${cells.map((text) => (text === "" ? " " : ` ${cell(text)} `)).join("|")}|`;
const table = (head, rows) => [row(head), `|${head.map(() => "---|").join("")}`, ...rows.map(row)].join("\n");

const written = ({ name, kind, value = "" }) =>
  kind === "switch"
    ? code(`-${name}`)
    : kind === "optional"
      ? code(`-${name} [${value.toUpperCase()}]`)
      : code(`-${name} ${value.toUpperCase()}`);

const standard = ({ default: value, document }) => document?.default ?? (value === undefined ? "" : code(value));

function meaning({ help, document, aliases = [] }) {
  const also = aliases.length === 0 ? "" : `; also ${aliases.map((alias) => code(`-${alias}`)).join(", ")}`;
  return `${help}${also}${document?.more === undefined ? "" : ` (${document.more})`}`;
}

/** "yes", or the default that a program has in its place. */
function inPrograms(flag, programFlags) {
  const own = programFlags.find(({ name }) => name === flag.name);
  if (own === undefined) return "";
  return own.default === flag.default ? "yes" : `yes, ${code(own.default)}`;
}

const SETTINGS = `## Settings in variables and a file

Each flag but those of the next chapter has an environment variable, too, and each flag of a server a key in a YAML file:

\`\`\`sh
PLUGINSERVER_EVENT_TIMEOUT=20s pluginserver -config /etc/pluginserver.yaml
\`\`\`

\`\`\`yaml
# yaml-language-server: $schema=node_modules/pluginserver/schema/config.schema.json
plugins-dir: /etc/kong/plugins
event-timeout: 30s
threads: 2
no-parent-watch: true
trust: [/etc/kong/one.pem, /etc/kong/two.pem]
\`\`\`

What is given in several places counts in this order: flag, variable, file, default. \`pluginserver config\`, with the flags of the server, prints
what holds and where it is from; of addresses it hides user, password and query. \`-socket\` and \`-sock-name\`, \`-log-level\` and \`-verbose\`,
\`-tyk-apps\` and \`-tyk-api\` say the same thing: the first place that has one of them decides.

- Variables: \`PLUGINSERVER_\` and the flag in capitals, \`_\` for \`-\`. An empty one counts as not given. Switches are \`true\` or \`false\`
  (or \`1\`, \`0\`); lists have commas. A command reads those of the flags that it takes, \`init\` none. Plugins see no variable whose name
  starts with \`PLUGINSERVER_\`: an address in one may have a password. One that is no setting and looks like one is a warning.
- The file: no aliases of flags, no unknown keys, at most 64 KiB; relative paths count from the working directory. Keys that a program does
  not take are for the server. It is read once at a start: a server that its supervisor starts anew has the same settings.
- \`PLUGINSERVER_CONFIG\` names the file. In the command line of \`try\`, \`-config\` is the stand-in gateway's.`;

const README_HEAD = ["flag", "default", "meaning"];
const readmeRow = (flag) => [written(flag), standard(flag), meaning(flag)];

export function renderFlags({ flags, programFlags, commands }, intro) {
  const ofServers = flags.filter(({ isAction, commands: takers = ["serve"] }) => !isAction && takers.includes("serve"));
  const actions = flags.filter(({ isAction }) => isAction);
  const ofCommands = flags.filter(({ commands: takers = ["serve"] }) => !takers.includes("serve"));
  return `${[
    intro,
    "## Servers",
    "The server of a plugins directory takes all of these; the last column says which of them [a program](programs.md) takes too.",
    table(
      [...README_HEAD, "programs"],
      ofServers.map((flag) => [...readmeRow(flag), inPrograms(flag, programFlags)]),
    ),
    SETTINGS,
    "## Dumps, version, help",
    table(
      ["flag", "meaning", "programs"],
      actions.map((flag) => [written(flag), meaning(flag), inPrograms(flag, programFlags)]),
    ),
    "## Commands",
    "Commands that load plugins take the flags of the server that matter to loading.",
    table(
      ["command", "meaning"],
      commands.map(({ name, operands, help, more }) => [
        code(`${name} ${operands}`.trim()),
        more === undefined ? help : `${help}; ${more}`,
      ]),
    ),
    table(
      ["flag", "of", "default", "meaning"],
      ofCommands.map((flag) => [written(flag), flag.commands.map(code).join(", "), standard(flag), meaning(flag)]),
    ),
  ].join("\n\n")}\n`;
}

/** The README with the table that belongs to it. */
export function flagsInReadme(flags, readme) {
  const essential = flags.filter(({ isEssential }) => isEssential);
  const [before, rest] = readme.split("\n| flag | default | meaning |\n");
  if (rest === undefined) throw new Error("README.md has no table of flags");
  const after = rest.slice(rest.indexOf("\n\n"));
  return `${before}\n${table(README_HEAD, essential.map(readmeRow))}${after}`;
}

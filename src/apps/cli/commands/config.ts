// The config command: prints the settings that hold for a server, and where each of them is from.
import { join } from "node:path";
import { aligned } from "../../console/index.js";
import { type Flag, type FlagName, FLAGS, plainFlag, SOCKET_NAME, type TableFlag } from "../../flags/index.js";
import { writeOutput } from "../../program/index.js";
import { misspelledVariables, sourceText } from "../../settings/index.js";
import type { ConfigOptions } from "../command-line/invocation.js";

/** As `-json` has it. */
interface ShownSetting {
  readonly name: string;
  /** As it would be written on a command line; `null` where nothing is set. */
  readonly value: string | boolean | readonly string[] | null;
  readonly source: "flag" | "variable" | "file" | "default";
  /** The flag, the variable, or the file with the line. */
  readonly where?: string;
}

const isSetting = (flag: TableFlag): boolean => {
  const { isAction, commands = ["serve"] } = plainFlag(flag);
  return isAction !== true && commands.includes("serve");
};

export async function printConfig(options: ConfigOptions): Promise<void> {
  const settings = FLAGS.filter(isSetting).map((flag) => shown(flag, options));
  const warnings = misspelledVariables(FLAGS, process.env);
  if (options.json) return writeOutput(`${JSON.stringify({ settings, warnings }, undefined, 2)}\n`);
  const rows = settings.map(({ name, value, source, where }) => [name, valueText(value), where ?? source]);
  return writeOutput([...aligned([["SETTING", "VALUE", "FROM"], ...rows]), ...warnings, ""].join("\n"));
}

function shown(flag: TableFlag, options: ConfigOptions): ShownSetting {
  const { given } = options;
  const by = saidBy(flag.name, options);
  const value = given.get(flag.name) ?? standard(flag, options);
  const source = options.settings.sourceOf(by);
  const common = { name: flag.name, value: withoutSecrets(value) };
  if (options.written.has(by)) return { ...common, source: "flag", where: `-${by}` };
  return source === undefined ? { ...common, source: "default" } : { ...common, source: source.kind, where: sourceText(source) };
}

/** The flag that says it: two have another that means the same. */
function saidBy(name: FlagName, { given, written, settings }: ConfigOptions): FlagName {
  const isSaid = (other: FlagName): boolean => written.has(other) || settings.sourceOf(other) !== undefined;
  if (name === "socket" && !isSaid(name) && given.has("sock-name")) return "sock-name";
  if (name === "log-level" && !isSaid(name) && given.has("verbose")) return "verbose";
  return name;
}

function standard(flag: Flag, { given }: ConfigOptions): ShownSetting["value"] {
  if (flag.kind === "switch") return false;
  if (flag.name !== "socket") return flag.default ?? null;
  const prefix = given.get("kong-prefix");
  return given.has("tyk") && !given.has("kong-prefix")
    ? null
    : join(
        typeof prefix === "string" ? prefix : (FLAGS.map(plainFlag).find(({ name }) => name === "kong-prefix")?.default ?? ""),
        SOCKET_NAME,
      );
}

function withoutSecrets(value: ShownSetting["value"]): ShownSetting["value"] {
  if (typeof value === "string") return withoutSecret(value);
  return value === null || typeof value === "boolean" ? value : value.map(withoutSecret);
}

/** Of an address, what lets in: user and password, and the query, which may be a signature. */
function withoutSecret(text: string): string {
  if (!/^[a-z][a-z\d+.-]*:\/\//i.test(text)) return text;
  const [address = "", query] = text.split("?", 2);
  const shownAddress = address.replace(/^([^/]*\/\/)[^/]*@/, "$1***@");
  return query === undefined ? shownAddress : `${shownAddress}?***`;
}

function valueText(value: ShownSetting["value"]): string {
  if (value === null) return "-";
  if (typeof value === "object") return value.length === 0 ? "-" : value.join(", ");
  return String(value);
}

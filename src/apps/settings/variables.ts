// Owns what a setting is, the value of a flag that stands elsewhere than on the command line, and those in environment variables.
import { UsageError, nearestName } from "../../core/model/index.js";
import { type Flag, type FlagName, SWITCH_WORDS, type TableFlag } from "../flags/index.js";

export type SettingSource =
  { readonly kind: "variable"; readonly name: string } | { readonly kind: "file"; readonly path: string; readonly line: number };

export interface Setting {
  /** As a flag has it; `false` for a switch that is turned off. */
  readonly value: string | boolean | readonly string[];
  readonly source: SettingSource;
}

/** How a message names it. */
export const sourceText = (source: SettingSource): string =>
  source.kind === "variable" ? source.name : `${source.path}:${source.line}`;

const PREFIX = "PLUGINSERVER_";

/** Of the flag `-node`, which says what goes into an executable: the variable says what `bin/pluginserver` runs with. */
const TAKEN = "node";

/** Flags that ask for something else than serving have none. */
export const hasVariable = ({ name, isAction }: Flag): boolean => isAction !== true && name !== TAKEN;

/** `event-timeout` as `PLUGINSERVER_EVENT_TIMEOUT`. */
export const variableName = (flag: string): string => PREFIX + flag.toUpperCase().replaceAll("-", "_");

type Environment = Readonly<Record<string, string | undefined>>;

/** What variables give to these flags; an empty one counts as none. @throws {UsageError} naming the variable. */
export function readVariables(flags: readonly TableFlag[], environment: Environment): ReadonlyMap<FlagName, Setting> {
  const settings = new Map<FlagName, Setting>();
  for (const flag of flags) {
    const name = variableName(flag.name);
    const text = hasVariable(flag) ? (environment[name] ?? "") : "";
    if (text !== "") settings.set(flag.name, { value: valueOf(flag, name, text), source: { kind: "variable", name } });
  }
  return settings;
}

function valueOf({ kind }: Flag, name: string, text: string): Setting["value"] {
  if (kind === "paths" || kind === "texts") return text.split(",").filter((part) => part !== "");
  // The flag without its value.
  if (kind === "optional" && (text === "true" || text === "false")) return text === "true";
  if (kind !== "switch") return text;
  const isOn = SWITCH_WORDS.get(text);
  if (isOn === undefined) throw new UsageError(`${name} is true or false, not "${text}"`);
  return isOn;
}

/** Says of variables that no flag has and one nearly has which was meant. Kubernetes sets others of its own. */
export function misspelledVariables(flags: readonly Flag[], environment: Environment): readonly string[] {
  const names = flags.filter(hasVariable).map(({ name }) => variableName(name));
  const known = new Set(names);
  const unknown = Object.keys(environment).filter((name) => name.startsWith(PREFIX) && !known.has(name));
  return unknown.flatMap((name) => {
    const meant = nearestName(name, names);
    return meant === undefined ? [] : [`the variable ${name} sets nothing; did you mean ${meant}?`];
  });
}

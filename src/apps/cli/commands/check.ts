// The check command: what a gateway would see in a plugins directory, and what keeps plugins out of it.
import { resolve } from "node:path";
import { findPlugin, type Generation, type PluginProblem, type PluginRegistry } from "../../../core/plugins/index.js";
import { CommandError, cutText } from "../../../core/model/index.js";
import { createLogger } from "../../../core/log/index.js";
import { refusedOnTyk, TYK } from "../../gateways/index.js";
import { PLUGIN_API } from "../../plugin-api/index.js";
import { writeOutput } from "../../program/index.js";
import { findTypeErrors } from "../../../build/index.js";
import type { PluginMetadata } from "../../../core/channel/index.js";
import { announcementOf } from "../../../gateways/kong/server/index.js";
import { findKongRelease, type GatewayRelease } from "../../../gateways/kong/conf/index.js";
import { loadForAll } from "../load-directory.js";
import type { CheckOptions } from "../command-line/invocation.js";
import { protocolLosses } from "../../../gateways/kong/usage/index.js";
import { aligned } from "../../console/index.js";

/** One plugin as `-json` has it. What is not known of a plugin that did not load is left out. */
interface Finding {
  readonly name: string;
  readonly path: string;
  readonly served: boolean;
  readonly version?: string;
  readonly priority?: number;
  readonly phases?: readonly string[];
  /** The gateway that it is for, where that is not Kong. */
  readonly gateway?: string;
  /** What Tyk gateways get of a plugin of Kong's. */
  readonly tyk?: { readonly hooks: readonly string[]; readonly refused: readonly string[] };
  /** The PDK version it was built against; without one, any. */
  readonly pdkVersion?: string;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
}

/** @throws {CommandError} where a plugin would not be served, once everything is told. */
export async function check(options: CheckOptions): Promise<void> {
  const release = options.kongVersion === undefined ? undefined : findKongRelease(options.kongVersion);
  const registry = await loadForAll(options, createLogger(options.log));
  const found = findingsOf(registry, release);
  const findings = await withTypes(await withProtocol(found, registry, options, release), options.types);
  await writeOutput(options.json ? `${JSON.stringify({ plugins: findings }, undefined, 2)}\n` : await report(findings, options));
  if (findings.length === 0) throw new CommandError("nothing was checked");
  const refused = findings.filter(({ served }) => !served).length;
  if (refused > 0) throw new CommandError(`${refused} of ${findings.length} plugins would not be served`);
  const wrong = findings.filter(({ errors }) => errors.length > 0).length;
  if (wrong > 0) throw new CommandError(`the types of ${wrong} of ${findings.length} plugins do not fit`);
}

/** A server looks at no types: what does not fit is served, and fails when it runs. */
async function withTypes(findings: readonly Finding[], rule: CheckOptions["types"]): Promise<readonly Finding[]> {
  if (rule === "none") return findings;
  const sources = await Promise.all(findings.map(({ path }) => findPlugin(path)));
  const entries = sources.map((source) => (source !== undefined && "entry" in source ? source.entry : ""));
  const wrong = await findTypeErrors(entries, PLUGIN_API, rule);
  return findings.map((finding, index) => ({
    ...finding,
    errors: [...finding.errors, ...(wrong.get(entries[index] ?? "") ?? [])],
  }));
}

/** What a plugin calls and its gateway's protocol lacks. It is served all the same: those calls fail, or say less. */
async function withProtocol(
  findings: readonly Finding[],
  registry: PluginRegistry,
  { protocol }: CheckOptions,
  release: GatewayRelease | undefined,
): Promise<readonly Finding[]> {
  if (protocol !== "ProtoBuf:1") return findings;
  if (release?.protobuf.is === "none")
    throw new CommandError(`Kong ${release.name} speaks MsgPack:1 alone: ProtoBuf:1 needs Kong 2.4 or newer`);
  const generations = new Map(registry.list().map((generation) => [generation.path, generation]));
  return Promise.all(
    findings.map(async (finding) => {
      const generation = finding.served && finding.gateway !== TYK ? generations.get(finding.path) : undefined;
      if (generation === undefined) return finding;
      const { artifact, metadata } = generation;
      const losses = await protocolLosses({ ...artifact, form: metadata.form }, release?.name);
      return { ...finding, warnings: [...finding.warnings, ...losses.map(({ text }) => `it calls ${text}`)] };
    }),
  );
}

function findingsOf(registry: PluginRegistry, release: GatewayRelease | undefined): Finding[] {
  const findings = [...registry.list().map((generation) => served(generation, release)), ...registry.problems().map(refused)];
  return findings.sort((a, b) => (a.name < b.name || (a.name === b.name && a.served) ? -1 : 1));
}

function served(generation: Generation, release: GatewayRelease | undefined): Finding {
  const { name, path, metadata, artifact, apiVersion, warnings, notes } = generation;
  const pdk = apiVersion === undefined ? {} : { pdkVersion: apiVersion };
  const hooks = metadata.functionsFor?.[TYK];
  const refused = hooks === undefined ? [] : refusedOnTyk(artifact.code);
  return {
    name,
    path,
    served: true,
    ...announced(metadata),
    ...pdk,
    ...(hooks === undefined ? {} : { tyk: { hooks, refused } }),
    errors: [],
    warnings: [...warnings, ...misfits(metadata.functions, release)],
    notes: refused.length === 0 ? notes : [...notes, `Tyk gateways cannot run it: there is no ${refused.join(", ")} behind Tyk`],
  };
}

/** What that gateway never does. */
function misfits(phases: readonly string[], release: GatewayRelease | undefined): string[] {
  if (release === undefined) return [];
  const { name, neverRuns } = release;
  return Object.entries(neverRuns).flatMap(([phase, why]) =>
    phases.includes(phase) ? [`its ${phase} handler never runs: Kong ${name} ${why}`] : [],
  );
}

function announced(metadata: PluginMetadata) {
  const { version, functions: phases, gateway } = metadata;
  // Of Tyk's these are hooks, and their order is the API definition's.
  return gateway === TYK ? { version, phases, gateway } : { version, priority: announcementOf(metadata).priority, phases };
}

function refused({ name, path, reason, metadata, details, warnings = [] }: PluginProblem): Finding {
  const said = metadata === undefined ? {} : announced(metadata);
  const pdk = metadata?.apiVersion === undefined ? {} : { pdkVersion: metadata.apiVersion };
  return { name, path, served: false, ...said, ...pdk, errors: details ?? [reason], warnings, notes: [] };
}

async function report(findings: readonly Finding[], { pluginsDirectory }: CheckOptions): Promise<string> {
  if (findings.length === 0) return `no plugins in ${pluginsDirectory}${await hint(pluginsDirectory)}\n`;
  const rows = findings.map(({ name, version, priority, gateway, phases, pdkVersion, served: isServed }) => [
    name,
    version ?? "?",
    gateway ?? String(priority ?? "?"),
    shortList(phases),
    pdkVersion ?? (version === undefined ? "?" : "any"),
    isServed ? "served" : "NOT SERVED",
  ]);
  const lines = [...aligned([["PLUGIN", "VERSION", "PRIORITY", "PHASES", "PDK", ""], ...rows])];
  for (const finding of findings) lines.push(...remarks(finding));
  return `${lines.join("\n")}\n`;
}

/** Characters of a list in the table; `-json` has all of it. */
const MAX_LIST = 60;

/** As many as fit, and how many there are beyond. */
function shortList(names: readonly string[] | undefined): string {
  if (names === undefined) return "?";
  const whole = names.join(",");
  if (whole.length <= MAX_LIST) return whole;
  let count = names.length - 1;
  const shown = (): string => `${names.slice(0, count).join(",")},+${names.length - count}`;
  while (count > 1 && shown().length > MAX_LIST) count -= 1;
  return cutText(shown(), MAX_LIST);
}

/** In a plugin's own project there are no plugins, but there is one. */
async function hint(directory: string): Promise<string> {
  const plugin = await findPlugin(resolve(directory));
  return plugin === undefined ? "" : ": it is one itself; build it, or check the directory that it is in";
}

function remarks({ name, path, errors, warnings, notes }: Finding): string[] {
  if (errors.length + warnings.length + notes.length === 0) return [];
  return [
    "",
    `${name} (${path})`,
    ...errors.map((text) => `  error: ${text}`),
    ...warnings.map((text) => `  warning: ${text}`),
    ...notes.map((text) => `  note: ${text}`),
  ];
}

// What an operator can have a running server do: reload, log levels, drain, and looks into an isolate. Each says what it did.
import { Readable } from "node:stream";
import type { Logger } from "pino";
import { LOG_LEVELS, type LogLevelName, type LogLevels } from "../../core/log/index.js";
import { CommandError, UsageError } from "../../core/model/index.js";
import type { AdministeredEngine, ReloadOutcome, ServedPlugin } from "../../core/server/index.js";
import { diagnosisAnswer } from "./diagnosis-file.js";
import { type Answer, jsonAnswer, type ControlRequest, type Routes } from "./http-server.js";

export interface ControlOptions {
  /** One for each gateway that is served. */
  readonly engines: readonly AdministeredEngine[];
  readonly levels: LogLevels;
  /** Brings the plugins up to date where they come from somewhere else, before it is looked what has changed. */
  readonly fetchPlugins?: (() => Promise<void>) | undefined;
  /** Ends the server in order. */
  readonly drain: () => void;
  /** Milliseconds that calls have to finish in. */
  readonly drainTimeout: number;
  readonly logger: Logger;
}

/** Seconds. */
const LONGEST_PROFILE = 300;
/** Milliseconds between two looks at the calls that are left. */
const LOOK = 100;

export function controlRoutes(options: ControlOptions): Routes {
  const diagnose = oneAtATime(options);
  return {
    "POST /reload": async ({ body }) => jsonAnswer({ said: await reload(options, textOf(body, "plugin")) }),
    "POST /log-level": ({ body }) => {
      const line = setLevel(options, requiredText(body, "level"), textOf(body, "plugin"));
      options.logger.info(`an operator has changed the log level: ${line}`);
      return jsonAnswer({ said: [line] });
    },
    "POST /drain": () => drain(options),
    "POST /heap": (request) => diagnose(request, "heap"),
    "POST /profile": (request) => diagnose(request, "profile"),
  };
}

async function reload({ engines, fetchPlugins }: ControlOptions, name: string | undefined): Promise<string[]> {
  await fetchPlugins?.();
  const outcome = merged(await Promise.all(engines.map((engine) => engine.reload())));
  if (outcome === undefined) throw new CommandError("this server is one plugin, a program: start it again to have other code");
  if (outcome.unreadable !== undefined)
    throw new CommandError(`the plugins directory cannot be read, its plugins are served as they are: ${outcome.unreadable}`);
  return name === undefined ? changesIn(outcome) : [reloadOne(engines, outcome, name)];
}

/** Gateways may share a directory, and have the same changes. */
function merged(outcomes: readonly (ReloadOutcome | undefined)[]): ReloadOutcome | undefined {
  const known = outcomes.filter((outcome) => outcome !== undefined);
  if (known.length === 0) return undefined;
  const unique = <Item>(items: (outcome: ReloadOutcome) => readonly Item[]): Item[] => [...new Set(known.flatMap(items))];
  return {
    added: unique(({ added }) => added),
    reloaded: unique(({ reloaded }) => reloaded),
    served: unique(({ served }) => served),
    problems: unique(({ problems }) => problems),
    unreadable: known.find(({ unreadable }) => unreadable !== undefined)?.unreadable,
  };
}

function changesIn({ added, reloaded, served, problems }: ReloadOutcome): string[] {
  const versionOf = (name: string): string => served.find((generation) => generation.name === name)?.metadata.version ?? "?";
  const lines = [
    ...reloaded.map((name) => `plugin ${name} was reloaded: version ${versionOf(name)}`),
    ...added.map((name) => `plugin ${name} is new: version ${versionOf(name)}; the gateway learns of it when it is reloaded`),
  ];
  if (lines.length === 0) lines.push(`nothing has changed: ${count(served.length, "plugin")} served as before`);
  return [...lines, ...problems.map(({ name, reason }) => `plugin ${name} does not load: ${reason}`)];
}

function reloadOne(engines: readonly AdministeredEngine[], outcome: ReloadOutcome, name: string): string {
  const problem = outcome.problems.find((each) => each.name === name);
  const plugin = pluginOf(engines, name);
  if (problem !== undefined)
    throw new CommandError(
      `plugin ${name} does not load${plugin === undefined ? "" : ", its former version goes on"}: ${problem.reason}`,
    );
  if (plugin === undefined) throw noPlugin(engines, name);
  const { version } = plugin.generation.metadata;
  if (outcome.added.includes(name))
    return `plugin ${name} is new: version ${version}; the gateway learns of it when it is reloaded`;
  if (outcome.reloaded.includes(name)) return `plugin ${name} was reloaded: version ${version}`;
  for (const engine of engines) if (engine.plugins.get(name) === plugin) engine.plugins.renew(plugin);
  return `plugin ${name} ${version} has not changed: fresh isolates take over, calls that run finish in the old ones`;
}

function setLevel({ engines, levels }: ControlOptions, given: string, plugin: string | undefined): string {
  const level: LogLevelName | undefined = LOG_LEVELS.find((known) => known === given);
  if (level === undefined) throw new UsageError(`a log level is one of ${LOG_LEVELS.join(", ")}, not "${given}"`);
  if (plugin !== undefined && engines.every((engine) => engine.plugins.get(plugin) === undefined))
    throw noPlugin(engines, plugin);
  const before = plugin === undefined ? levels.level : levels.of(plugin);
  levels.set(level, plugin);
  const others = [...levels.plugins].map(([name, own]) => `${name} ${own}`);
  const rest = plugin === undefined && others.length > 0 ? `; plugins with a level of their own: ${others.join(", ")}` : "";
  return `the log level${plugin === undefined ? "" : ` of plugin ${plugin}`} is ${level}, it was ${before}${rest}`;
}

/** Tells how it goes until the process is gone, and the connection with it. */
function drain({ engines, drain: end, drainTimeout }: ControlOptions): Answer {
  const running = (): number => engines.reduce((sum, { calls }) => sum + calls.size, 0);
  const line = (text: string): string => `${JSON.stringify({ said: [text] })}\n`;
  async function* lines(): AsyncGenerator<string> {
    let left = running();
    yield line(
      `process ${process.pid} takes no more connections and ends: ${count(left, "call")} to finish, within ${drainTimeout / 1000} s`,
    );
    end();
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, LOOK));
      const now = running();
      if (now !== left) yield line(`${count(now, "call")} to finish`);
      left = now;
    }
  }
  return { headers: { "content-type": "application/x-ndjson" }, body: Readable.from(lines()) };
}

/** Each stops an isolate, or takes processor time from it. */
function oneAtATime({ engines }: ControlOptions): (request: ControlRequest, kind: "heap" | "profile") => Promise<Answer> {
  let isBusy = false;
  return async ({ body }, kind) => {
    const name = requiredText(body, "plugin");
    const milliseconds = kind === "profile" ? secondsOf(body) * 1000 : 0;
    const plugin = pluginOf(engines, name);
    if (plugin === undefined) throw noPlugin(engines, name);
    if (isBusy) throw new CommandError("another heap snapshot or profile is being made: one at a time");
    isBusy = true;
    try {
      return await diagnosisAnswer((file) =>
        plugin.pool.diagnose(kind === "heap" ? { kind, file } : { kind, file, milliseconds }),
      );
    } finally {
      isBusy = false;
    }
  };
}

function secondsOf(body: unknown): number {
  const seconds = fieldOf(body, "seconds");
  if (typeof seconds !== "number" || !(seconds > 0) || seconds > LONGEST_PROFILE)
    throw new UsageError(`-seconds takes a number above 0 and up to ${LONGEST_PROFILE}, not "${String(seconds)}"`);
  return seconds;
}

const pluginOf = (engines: readonly AdministeredEngine[], name: string): ServedPlugin | undefined =>
  engines.map((engine) => engine.plugins.get(name)).find((found) => found !== undefined);

function noPlugin(engines: readonly AdministeredEngine[], name: string): UsageError {
  const names = engines.flatMap((engine) => engine.plugins.list().map(({ generation }) => generation.name));
  return new UsageError(`there is no plugin ${name}; there ${names.length === 1 ? "is" : "are"}: ${names.join(", ") || "none"}`);
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;

const fieldOf = (body: unknown, field: string): unknown =>
  typeof body === "object" && body !== null && Object.hasOwn(body, field) ? (body as Record<string, unknown>)[field] : undefined;

function textOf(body: unknown, field: string): string | undefined {
  const value = fieldOf(body, field);
  if (value === undefined || typeof value === "string") return value;
  throw new UsageError(`${field} has to be text`);
}

function requiredText(body: unknown, field: string): string {
  const value = textOf(body, field);
  if (value === undefined || value === "") throw new UsageError(`${field} is missing`);
  return value;
}

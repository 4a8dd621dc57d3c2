// Answers a dump where all of it is known: with nothing loaded for it but what the entry of the command line has in it.
import { spawnSync } from "node:child_process";
import type { Logger } from "pino";
import { knownPlugins, type PluginProblem } from "../../../core/plugins/index.js";
import { isServerExecutable } from "../../../core/runtime/index.js";
import { pluginInfo } from "../../../gateways/kong/server/index.js";
import {
  ACTION_FLAGS,
  DUMP_FLAGS,
  type Flag,
  type FlagName,
  flagNames,
  FLAGS,
  type GivenFlags,
  normalizeFlags,
  plainFlag,
  refuseFormerFlags,
  settingsOf,
  takesFlag,
} from "../../flags/index.js";
import { ALL_GATEWAYS_WORKER, isTyk } from "../../gateways/index.js";
import { pluginEnvironment, STDOUT_VARIABLE, writeAll } from "../../program/index.js";
import { serverSettings } from "../../settings/index.js";
import { pluginCacheOptions } from "./plugin-cache.js";

/** As bin/pluginserver has it. */
const REAL_STDOUT = 9;
const NAMES = flagNames(FLAGS);
/** Flags that a dump has, or passes over. */
const SERVER_FLAG_NAMES: ReadonlyMap<string, Flag> = new Map(
  FLAGS.filter((flag) => takesFlag("serve", plainFlag(flag))).map((flag) => [`--${flag.name}`, plainFlag(flag)] as const),
);

/** Whether the dump that a command line asks for was printed. Where it was not, the command does, or says what is wrong. */
export async function dumpWarm(argv: readonly string[]): Promise<boolean> {
  if (!argv.some((argument) => /^--?dump/.test(argument))) return false;
  const text = await warmDump(argv).catch(() => undefined);
  return text !== undefined && print(text);
}

async function warmDump(argv: readonly string[]): Promise<string | undefined> {
  const written = readFlags(argv);
  if (written === undefined) return undefined;
  refuseFormerFlags(argv, NAMES);
  const given = (await serverSettings(argv)).beneath(written);
  const directory = given.get("plugins-dir");
  const { env, trust, pdkMatch, isolateMemory, pluginsUrl, protocol, logLevel, logFormat } = settingsOf(DUMP_FLAGS, given);
  const { dump, dumpAllPlugins } = settingsOf(ACTION_FLAGS, given);
  if (typeof directory !== "string" || directory.endsWith(".zip") || pluginsUrl !== undefined) return undefined;
  if ((dump === undefined) !== dumpAllPlugins) return undefined;
  const known = await knownPlugins(directory, pluginCacheOptions({ trust, isTemporary: false, onNone: () => {} }), {
    gatewayWorker: ALL_GATEWAYS_WORKER,
    versionMatch: pdkMatch,
    limits: { memory: isolateMemory, env: withoutTuning(pluginEnvironment(env)) },
  });
  const infos = known?.plugins
    .filter((plugin) => !isTyk(plugin))
    .filter(({ metadata }) => typeof dump !== "string" || metadata.name === dump)
    .map((plugin) => pluginInfo({ name: plugin.metadata.name, ...plugin }));
  if (infos === undefined || (infos.length === 0 && typeof dump === "string")) return undefined;
  if (known !== undefined && known.problems.length > 0) {
    const { createLogger } = await import("../../../core/log/index.js");
    reportLeftOut(known.problems, createLogger({ ...logLevel, format: logFormat }));
  }
  return `${JSON.stringify(announced(infos, protocol))}\n`;
}

/** A bare array, the one form that Kong 2.3 reads, means MsgPack:1; every other protocol is announced (from Kong 2.4). */
export function announced(plugins: readonly unknown[], protocol: string): unknown {
  return protocol === "ProtoBuf:1" ? { Protocol: protocol, Plugins: plugins } : plugins;
}

/** What a gateway does not get to see, and why. */
export function reportLeftOut(problems: readonly PluginProblem[], logger: Logger): void {
  for (const { name, path, reason } of problems) logger.error({ plugin: name, path }, `plugin ${name} is left out: ${reason}`);
}

/** Undefined for a command line that takes more than this to read. */
function readFlags(argv: readonly string[]): GivenFlags | undefined {
  const given = new Map<FlagName, string | true>();
  const texts = normalizeFlags(argv, NAMES);
  for (let index = 0; index < texts.length; index += 1) {
    const [, name = "", joined] = /^(--[a-z-]+)(?:=(.*))?$/s.exec(texts[index] ?? "") ?? [];
    const flag = SERVER_FLAG_NAMES.get(name);
    if (flag === undefined || ["paths", "texts"].includes(flag.kind) || name === "--sock-name") return undefined;
    const next = texts[index + 1];
    const takesNext =
      joined === undefined && flag.kind !== "switch" && (flag.kind !== "optional" || next?.startsWith("-") === false);
    if (takesNext) index += 1;
    const value = takesNext ? next : (joined ?? true);
    if (value === undefined || value === "" || (value === true && !["switch", "optional"].includes(flag.kind))) return undefined;
    given.set(flag.name as FlagName, value);
  }
  return given;
}

/** The start script sets it for the server alone. */
function withoutTuning(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string | undefined>> {
  if (process.env["PLUGINSERVER_TUNED"] === undefined) return env;
  return Object.fromEntries(Object.entries(env).filter(([name]) => name !== "GLIBC_TUNABLES"));
}

/** False where nobody takes any of it: the command says why. */
async function print(text: string): Promise<boolean> {
  const descriptor = Number(process.env[STDOUT_VARIABLE] ?? 1);
  try {
    await writeAll(descriptor, text);
    return true;
  } catch {
    // It fails as the command's own write does, whose error is told.
    return false;
  }
}

/**
 * Runs a dump of an executable in a process whose stdout is stderr, which else the start script sees to. The status that it ended with; undefined where
 * this process is to do it. Whatever native code prints while it loads, the dump is alone on stdout.
 */
export function dumpApart(argv: readonly string[]): number | undefined {
  const isDump = argv.some((argument) => /^--?dump/.test(argument));
  if (!isDump || !isServerExecutable() || process.env[STDOUT_VARIABLE] !== undefined) return undefined;
  const between = Array.from({ length: REAL_STDOUT - 3 }, () => "ignore" as const);
  const { status, error } = spawnSync(process.execPath, argv, {
    stdio: ["inherit", 2, "inherit", ...between, 1],
    env: { ...process.env, [STDOUT_VARIABLE]: String(REAL_STDOUT) },
  });
  if (error !== undefined) throw error;
  return status ?? 1;
}

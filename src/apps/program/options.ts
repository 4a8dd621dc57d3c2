// Reads the command line of a plugin that is a program of its own.
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import {
  flagNames,
  type GivenFlags,
  normalizeFlags,
  PROGRAM_FLAGS,
  refuseFormerFlags,
  requireTykPlaces,
  saysKong,
  settingsOf,
} from "../flags/index.js";
import { type AdminOptions, checkAdminOptions } from "../admin/index.js";
import type { LogOptions } from "../../core/log/index.js";
import { UsageError, messageOf } from "../../core/model/index.js";
import { Settings } from "../settings/index.js";
import type { IsolateLimits } from "../../core/isolates/index.js";
import type { ServerOptions } from "../../gateways/kong/server/index.js";

export interface EmbeddedOptions extends Omit<ServerOptions, "logger" | "telemetry">, AdminOptions {
  readonly command: "serve" | "dump" | "version" | "help";
  /** Isolates; 0 for the thread of the socket. */
  readonly threads: number;
  /** Where Tyk gateways are served, and not Kong. */
  readonly tyk: TykProgramOptions | undefined;
  readonly limits: Omit<IsolateLimits, "env" | "idleTimeout">;
  readonly hiddenEnvironment: readonly string[];
  readonly watchParent: boolean;
  /** Whether a process of its own holds the socket. */
  readonly isSupervised: boolean;
  readonly log: LogOptions;
}

export interface TykProgramOptions {
  /** `tcp://HOST:PORT` or `unix:///PATH`. */
  readonly address: string;
  /** A folder of API definitions. */
  readonly apps: string | undefined;
  /** Address of the Gateway API, and a file with its secret. */
  readonly api: string | undefined;
  readonly secretFile: string | undefined;
}

/** What an isolate may take to end when its events have had their time, in milliseconds. */
const END_GRACE = 1500;
const NAMES = flagNames(PROGRAM_FLAGS);
const KNOWN = new Set<string>(PROGRAM_FLAGS.map(({ name }) => name));

/** `settings` are beneath the command line. @throws {UsageError} for what cannot be understood. */
export function parseEmbedded(argv: readonly string[], program: string, settings = Settings.NONE): EmbeddedOptions {
  try {
    refuseFormerFlags(argv, NAMES);
    return optionsOf(settings.beneath(readFlags(argv)), program);
  } catch (error) {
    throw settings.explain(error);
  }
}

function optionsOf(given: GivenFlags, program: string): EmbeddedOptions {
  const { env, verbose, noParentWatch, noSupervisor, kongPrefix, socket, sockName, logLevel, logFormat, ...others } = settingsOf(
    PROGRAM_FLAGS,
    given,
  );
  const { tyk, tykApps, tykApi, tykSecretFile, ...settings } = others;
  const { drainTimeout, maxMessageSize } = settings;
  if (socket !== undefined && sockName !== undefined)
    throw new UsageError("-socket and -sock-name name the same socket: leave one out");
  checkAdminOptions(settings);
  // A level that was asked for by its name counts before -v.
  const levels = verbose && !given.has("log-level") ? ({ level: "debug" } as const) : logLevel;
  return {
    ...settings,
    command: commandOf(given),
    tyk: servingTyk(given, {
      address: typeof tyk === "string" ? tyk : undefined,
      apps: tykApps,
      api: tykApi,
      secretFile: tykSecretFile,
    }),
    socketPath: resolve(socket ?? join(kongPrefix, sockName ?? `${program}.socket`)),
    limits: {
      endTimeout: drainTimeout + END_GRACE,
      disposeTimeout: drainTimeout,
      maxBodySize: maxMessageSize,
      memory: settings.isolateMemory,
      maxCalls: settings.maxEvents,
      stallTimeout: settings.stallTimeout,
      loadTimeout: settings.loadTimeout,
    },
    hiddenEnvironment: env,
    watchParent: !noParentWatch,
    isSupervised: !noSupervisor,
    log: { ...levels, format: logFormat },
  };
}

/** Undefined where it is Kong that is served. @throws {UsageError} for flags that do not go together. */
function servingTyk(
  given: GivenFlags,
  { address, ...others }: { readonly [Key in keyof TykProgramOptions]: string | undefined },
): TykProgramOptions | undefined {
  if (address === undefined && Object.values(others).some((value) => value !== undefined))
    throw new UsageError("-tyk is missing: say where Tyk gateways find the plugin");
  if (address === undefined) return undefined;
  if (saysKong(given)) throw new UsageError("a program serves one gateway: leave out -tyk, or what says where Kong finds it");
  requireTykPlaces(address, others.apps, others.api);
  return { address, ...others };
}

function commandOf(given: GivenFlags): EmbeddedOptions["command"] {
  if (given.has("help")) return "help";
  if (given.has("dump") && given.has("version")) throw new UsageError("-dump and -version: ask for one");
  return given.has("dump") ? "dump" : given.has("version") ? "version" : "serve";
}

function readFlags(argv: readonly string[]): GivenFlags {
  const options = Object.fromEntries(
    PROGRAM_FLAGS.map(({ name }) => [name, { type: NAMES.booleans.has(name) ? ("boolean" as const) : ("string" as const) }]),
  );
  try {
    const { values } = parseArgs({ args: joinValues(normalizeFlags(argv, NAMES)), options, allowPositionals: false });
    return new Map(
      PROGRAM_FLAGS.flatMap(({ name }) => {
        const value = values[name];
        return value === true || typeof value === "string" ? [[name, value] as const] : [];
      }),
    );
  } catch (error) {
    throw new UsageError(goStyle(messageOf(error)));
  }
}

/** A value may start with a dash, which the parser takes only where it is joined to its flag. */
function joinValues(args: readonly string[]): string[] {
  const joined: string[] = [];
  let flag: string | undefined;
  for (const [index, argument] of args.entries()) {
    if (flag !== undefined) joined.push(`${flag}=${argument}`);
    const takesValue = flag === undefined && argument.startsWith("--") && !argument.includes("=");
    const name = argument.slice(2);
    const canDoWithout = takesValue && NAMES.optionals.has(name) && (args[index + 1]?.startsWith("-") ?? true);
    const awaited = takesValue && !canDoWithout && !NAMES.booleans.has(name) && KNOWN.has(name);
    if (flag === undefined && !awaited) joined.push(canDoWithout ? `${argument}=` : argument);
    flag = awaited ? argument : undefined;
  }
  return flag === undefined ? joined : [...joined, flag];
}

const goStyle = (message: string): string => {
  const bare = /^Option '--(\S+) <value>' argument missing/.exec(message)?.[1];
  if (bare !== undefined) return `flag needs an argument: -${bare}`;
  const unknown = /^Unknown option '--([^']*)'/.exec(message)?.[1];
  if (unknown !== undefined) return `flag provided but not defined: -${unknown}`;
  return (message.split(". ")[0] ?? message).replaceAll("'--", "'-");
};

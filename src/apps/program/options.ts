// Reads the command line of a plugin that is a program of its own.
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { FORMER_ALIASES, refuseFormerFlags } from "./former-servers.js";
import { LOG_FORMATS, LOG_LEVELS, type LogOptions } from "../../core/log/index.js";
import { normalizeFlags } from "./go-flags.js";
import { parseChoice, parseDuration, parseMode, parsePath, parsePositiveInteger, parseSize } from "./parse-value.js";
import { UsageError } from "../../core/model/index.js";
import type { IsolateLimits } from "../../core/isolates/index.js";
import type { ServerOptions } from "../../gateways/kong/server/index.js";
import { type Flag, type FlagName, FLAGS } from "./flags.js";

export interface EmbeddedOptions extends Omit<ServerOptions, "logger"> {
  readonly command: "serve" | "dump" | "version" | "help";
  /** Isolates; 0 for the thread of the socket. */
  readonly threads: number;
  readonly limits: Omit<IsolateLimits, "env" | "idleTimeout">;
  readonly hiddenEnvironment: readonly string[];
  readonly watchParent: boolean;
  /** Whether a process of its own holds the socket. */
  readonly isSupervised: boolean;
  readonly log: LogOptions;
}

const BOOLEANS = new Set<string>(FLAGS.filter((flag: Flag) => flag.type === undefined).map(({ name }) => name));
/** What an isolate may take to end when its events have had their time, in milliseconds. */
const END_GRACE = 1500;
const STANDARD_LEVEL = "info";
const KNOWN = new Set<string>(FLAGS.map(({ name }) => name));
const NAMES = {
  booleans: BOOLEANS,
  optionals: new Set<string>(),
  aliases: new Map<string, string>([...FORMER_ALIASES, ["h", "help"]]),
};

/** @throws {UsageError} for a command line that cannot be understood. */
export function parseEmbedded(argv: readonly string[], program: string): EmbeddedOptions {
  refuseFormerFlags(argv, NAMES);
  const values = readFlags(argv);
  const text = (name: FlagName): string => {
    const value = values[name];
    return typeof value === "string" ? value : "";
  };
  return {
    command: commandOf(values),
    socketPath: resolve(socketOf(text("socket"), text("sock-name"), parsePath("kong-prefix", text("kong-prefix")), program)),
    socketMode: parseMode("socket-mode", text("socket-mode")),
    threads: text("threads") === "0" ? 0 : parsePositiveInteger("threads", text("threads")),
    eventTimeout: parseDuration("event-timeout", text("event-timeout")),
    onError: parseChoice("on-error", text("on-error"), ["exit", "continue"]),
    instanceTimeout: parseDuration("instance-timeout", text("instance-timeout")),
    drainTimeout: parseDuration("drain-timeout", text("drain-timeout")),
    maxConnections: parsePositiveInteger("max-connections", text("max-connections")),
    maxMessageSize: parseSize("max-message-size", text("max-message-size")),
    protocol: parseChoice("protocol", text("protocol"), ["MsgPack:1", "ProtoBuf:1", "auto"]),
    limits: {
      endTimeout: parseDuration("drain-timeout", text("drain-timeout")) + END_GRACE,
      disposeTimeout: parseDuration("drain-timeout", text("drain-timeout")),
      maxBodySize: parseSize("max-message-size", text("max-message-size")),
      memory: parseSize("isolate-memory", text("isolate-memory")),
      maxCalls: parsePositiveInteger("max-events", text("max-events")),
      stallTimeout: parseDuration("stall-timeout", text("stall-timeout")),
      loadTimeout: parseDuration("load-timeout", text("load-timeout")),
    },
    hiddenEnvironment: text("env")
      .split(",")
      .filter((name) => name !== ""),
    watchParent: values["no-parent-watch"] !== true,
    isSupervised: values["no-supervisor"] !== true,
    log: {
      level: parseChoice("log-level", levelOf(text("log-level"), values["verbose"] === true), LOG_LEVELS),
      format: parseChoice("log-format", text("log-format"), LOG_FORMATS),
    },
  };
}

function commandOf(values: Readonly<Record<string, unknown>>): EmbeddedOptions["command"] {
  if (values["help"] === true) return "help";
  if (values["dump"] === true && values["version"] === true) throw new UsageError("-dump and -version: ask for one");
  return values["dump"] === true ? "dump" : values["version"] === true ? "version" : "serve";
}

function socketOf(path: string, name: string, prefix: string, program: string): string {
  if (path !== "" && name !== "") throw new UsageError("-socket and -sock-name name the same socket: leave one out");
  return path === "" ? join(prefix, name === "" ? `${program}.socket` : name) : path;
}

/** A level that was asked for by its name counts before -v. */
const levelOf = (level: string, isVerbose: boolean): string => (isVerbose && level === STANDARD_LEVEL ? "debug" : level);

function readFlags(argv: readonly string[]): Record<string, unknown> {
  const options = Object.fromEntries(
    FLAGS.map((flag: Flag) => [
      flag.name,
      flag.type === undefined ? ({ type: "boolean" } as const) : { type: "string" as const, default: flag.value ?? "" },
    ]),
  );
  try {
    return parseArgs({ args: joinValues(normalizeFlags(argv, NAMES)), options, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(goStyle(error instanceof Error ? error.message : String(error)));
  }
}

/** A value may start with a dash, which the parser takes only where it is joined to its flag. */
function joinValues(args: readonly string[]): string[] {
  const joined: string[] = [];
  let flag: string | undefined;
  for (const argument of args) {
    if (flag !== undefined) joined.push(`${flag}=${argument}`);
    const takesValue = flag === undefined && argument.startsWith("--") && !argument.includes("=");
    const awaited = takesValue && !BOOLEANS.has(argument.slice(2)) && KNOWN.has(argument.slice(2));
    if (flag === undefined && !awaited) joined.push(argument);
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

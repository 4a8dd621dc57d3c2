// Owns the command line: its flags, their defaults and help, and what they mean.
import { type Command, CommanderError } from "commander";
import {
  type InspectTarget,
  LOG_FORMATS,
  LOG_LEVELS,
  type LogOptions,
  normalizeFlags,
  parseChoice,
  parseDuration,
  parseInspect,
  parseMode,
  parsePositiveInteger,
  parseSize,
  UsageError,
} from "../program/index.js";
import { FORMATS, MODES, serverFlags, type ServerFlags, type ServingMode, type SettingsFormat } from "./kong-conf/index.js";
import { createProgram } from "./program.js";

const PROTOCOLS = ["MsgPack:1", "ProtoBuf:1", "auto"] as const;
const PDK_MATCHES = ["exact", "compatible"] as const;
const ISOLATIONS = ["thread", "process"] as const;
const ERROR_RULES = ["exit", "continue"] as const;

/** What loading plugins needs. */
export interface LoadingOptions {
  /** Milliseconds. */
  readonly loadTimeout: number;
  /** Bytes. */
  readonly isolateMemory: number;
  /** Names of environment variables that plugins do not see; `*` stands for any characters. */
  readonly hiddenEnvironment: readonly string[];
  readonly pluginsDirectory: string;
  readonly pdkMatch: (typeof PDK_MATCHES)[number];
  /** Paths of keys: where there are any, only plugins that one of them signed are loaded. */
  readonly trust: readonly string[];
  /** What a dump announces and the socket speaks; "auto" announces MsgPack:1. */
  readonly protocol: (typeof PROTOCOLS)[number];
  readonly log: LogOptions;
}

/** Times in milliseconds. */
export interface ServeOptions extends LoadingOptions {
  readonly kongPrefix: string;
  readonly socket: string | undefined;
  readonly socketMode: number;
  /** The directory of the plugins' own sockets; none without it. */
  readonly pluginSockets: string | undefined;
  readonly threads: number;
  readonly isolation: (typeof ISOLATIONS)[number];
  readonly eventTimeout: number;
  readonly onError: (typeof ERROR_RULES)[number];
  readonly stallTimeout: number;
  readonly instanceTimeout: number;
  readonly drainTimeout: number;
  readonly maxEvents: number;
  /** Bytes. */
  readonly maxMessageSize: number;
  readonly maxConnections: number;
  readonly watchParent: boolean;
  /** Whether changed plugin files are noticed. */
  readonly watch: boolean;
  /** The plugin that a debugger is let into, and where it listens. */
  readonly inspect: InspectTarget | undefined;
}

export interface TryOptions extends ServeOptions {
  readonly port: number;
  readonly config: string | undefined;
}

export interface CheckOptions extends LoadingOptions {
  readonly json: boolean;
}

export interface BuildCommandOptions extends LoadingOptions {
  /** Files or folders. */
  readonly plugins: readonly string[];
  readonly out: string;
  /** Path of the private key to sign with. */
  readonly sign: string | undefined;
}

export interface InitOptions {
  /** Path of the new project; its last part is the plugin's name. */
  readonly name: string;
}

export interface KongConfOptions extends LoadingOptions {
  readonly kongVersion: string;
  readonly mode: ServingMode;
  readonly format: SettingsFormat;
  /** What the commands in the printed settings are to have. */
  readonly server: ServerFlags;
}

/** What the command line asks for. */
export type Invocation =
  | { readonly command: "help"; readonly text: string }
  | { readonly command: "version" }
  | { readonly command: "dump-all"; readonly options: LoadingOptions }
  | { readonly command: "dump"; readonly name: string; readonly options: LoadingOptions }
  | { readonly command: "dump-plugin-info"; readonly name: string; readonly options: LoadingOptions }
  | { readonly command: "serve"; readonly options: ServeOptions }
  | { readonly command: "try"; readonly options: TryOptions }
  | { readonly command: "check"; readonly options: CheckOptions }
  | { readonly command: "build"; readonly options: BuildCommandOptions }
  | { readonly command: "init"; readonly options: InitOptions }
  | { readonly command: "kong-conf"; readonly options: KongConfOptions };

interface Values {
  readonly kongPrefix: string;
  readonly pluginsDir?: string;
  readonly socket?: string;
  readonly socketMode: string;
  readonly pluginSockets?: string;
  readonly threads: string;
  readonly pdkMatch: string;
  readonly trust: readonly string[];
  readonly protocol: string;
  readonly isolation: string;
  readonly loadTimeout: string;
  readonly isolateMemory: string;
  readonly env: string;
  readonly eventTimeout: string;
  readonly onError: string;
  readonly stallTimeout: string;
  readonly instanceTimeout: string;
  readonly drainTimeout: string;
  readonly maxEvents: string;
  readonly maxMessageSize: string;
  readonly maxConnections: string;
  readonly parentWatch: boolean;
  readonly watch: boolean;
  readonly inspect?: string;
  readonly logLevel: string;
  readonly logFormat: string;
  readonly dumpAllPlugins?: boolean;
  readonly dumpPluginInfo?: string;
  readonly dump?: string | boolean;
  readonly version?: boolean;
  readonly help?: boolean;
  readonly port: string;
  readonly config?: string;
  readonly json?: boolean;
  readonly out?: string;
  readonly sign?: string;
  readonly kongVersion?: string;
  readonly mode: string;
  readonly format: string;
}

const BOOLEANS = new Set(["dump-all-plugins", "version", "help", "no-parent-watch", "no-watch", "json"]);
const OPTIONALS = new Set(["dump"]);
const ALIASES = new Map([
  ["plugins-directory", "plugins-dir"],
  ["h", "help"],
  ["v", "version"],
]);

/** @throws {UsageError} for a command line that cannot be understood. */
export function parseCommandLine(argv: readonly string[]): Invocation {
  const program = createProgram();
  try {
    program.parse(normalizeFlags(withFormat(argv), { booleans: BOOLEANS, optionals: OPTIONALS, aliases: ALIASES }), {
      from: "user",
    });
  } catch (error) {
    if (error instanceof CommanderError) throw new UsageError(goStyle(error.message));
    throw error;
  }
  return toInvocation(program);
}

/** Of kong-conf, a -env without names means -format env: with names it is what it is everywhere, and taken over. */
function withFormat(argv: readonly string[]): readonly string[] {
  if (argv[0] !== "kong-conf") return argv;
  const isLast = (index: number): boolean => argv[index + 1]?.startsWith("-") ?? true;
  return argv.map((argument, index) => (/^--?env$/.test(argument) && isLast(index) ? "-format=env" : argument));
}

const goStyle = (text: string): string =>
  text
    .replace(/^error: /, "")
    .replaceAll("option '--", "flag '-")
    .replace(/\s*\n[\s\S]*$/, "");

function toInvocation(program: Command): Invocation {
  const values = program.opts<Values>();
  if (values.help === true) return { command: "help", text: program.helpInformation().replaceAll(" --", " -") };
  if (values.version === true) return { command: "version" };
  const [command, ...operands] = program.args;
  switch (command) {
    case undefined:
      if (values.pluginsDir === undefined) throw new UsageError("-plugins-dir is missing: say where the plugins are");
      return plain(values, values.pluginsDir);
    case "try":
      return { command, options: trying(values, operands) };
    case "check":
      return { command, options: checking(values, operands) };
    case "build":
      return { command, options: building(values, operands) };
    case "init":
      return { command, options: { name: onlyOperand("init", "the name of the plugin", operands) } };
    case "kong-conf":
      return { command, options: configuring(values, operands, serverFlags(program)) };
    default:
      throw new UsageError(`there is no command "${program.args.join(" ")}"`);
  }
}

function trying(values: Values, operands: readonly string[]): TryOptions {
  if (operands.length > 0) throw new UsageError(`too many arguments: try takes flags alone, not "${operands.join(" ")}"`);
  return {
    ...serving(values, values.pluginsDir ?? ""),
    port: parsePositiveInteger("port", values.port),
    config: values.config,
  };
}

function checking(values: Values, operands: readonly string[]): CheckOptions {
  const [directory = values.pluginsDir ?? ".", ...others] = operands;
  if (others.length > 0) throw new UsageError(`check takes one directory, not ${operands.length}`);
  return { ...loading(values, directory), json: values.json === true };
}

function building(values: Values, plugins: readonly string[]): BuildCommandOptions {
  const { out, sign } = values;
  if (plugins.length === 0) throw new UsageError("build takes the plugins to build: files or folders");
  if (out === undefined) throw new UsageError("-out is missing: say where the built files go");
  return { ...loading(values, out), plugins, out, sign };
}

function configuring(values: Values, operands: readonly string[], server: ServerFlags): KongConfOptions {
  const { pluginsDir, kongVersion } = values;
  if (operands.length > 0) throw new UsageError(`kong-conf takes flags alone, not "${operands.join(" ")}"`);
  if (pluginsDir === undefined) throw new UsageError("-plugins-dir is missing: say where the plugins are");
  if (kongVersion === undefined) throw new UsageError("-kong-version is missing: say which, such as 3.9");
  const [mode, format] = [parseChoice("mode", values.mode, MODES), parseChoice("format", values.format, FORMATS)];
  // What the server would refuse must not get into its start command.
  const options = serving(mode === "per-plugin" ? { pluginSockets: "", ...values } : values, pluginsDir);
  return { ...options, kongVersion, mode, format, server };
}

function onlyOperand(command: string, what: string, operands: readonly string[]): string {
  const [operand, ...others] = operands;
  if (operand === undefined || others.length > 0) throw new UsageError(`${command} takes one argument: ${what}`);
  return operand;
}

function plain(values: Values, pluginsDirectory: string): Invocation {
  const options = loading(values, pluginsDirectory);
  if (values.dumpPluginInfo !== undefined) return { command: "dump-plugin-info", name: values.dumpPluginInfo, options };
  if (typeof values.dump === "string") return { command: "dump", name: values.dump, options };
  if (values.dump === true || values.dumpAllPlugins === true) return { command: "dump-all", options };
  return { command: "serve", options: serving(values, pluginsDirectory) };
}

function loading(values: Values, pluginsDirectory: string): LoadingOptions {
  return {
    pluginsDirectory,
    hiddenEnvironment: values.env.split(",").filter((name) => name !== ""),
    loadTimeout: parseDuration("load-timeout", values.loadTimeout),
    isolateMemory: parseSize("isolate-memory", values.isolateMemory),
    trust: values.trust,
    pdkMatch: parseChoice("pdk-match", values.pdkMatch, PDK_MATCHES),
    protocol: parseChoice("protocol", values.protocol, PROTOCOLS),
    log: {
      level: parseChoice("log-level", values.logLevel, LOG_LEVELS),
      format: parseChoice("log-format", values.logFormat, LOG_FORMATS),
    },
  };
}

function serving(values: Values, pluginsDirectory: string): ServeOptions {
  if (values.pluginSockets !== undefined && values.threads !== "1")
    throw new UsageError("-plugin-sockets serves each plugin from the one isolate that owns its socket: leave -threads at 1");
  return {
    ...loading(values, pluginsDirectory),
    kongPrefix: values.kongPrefix,
    socket: values.socket,
    socketMode: parseMode("socket-mode", values.socketMode),
    pluginSockets: values.pluginSockets,
    threads: parsePositiveInteger("threads", values.threads),
    eventTimeout: parseDuration("event-timeout", values.eventTimeout),
    isolation: parseChoice("isolation", values.isolation, ISOLATIONS),
    onError: parseChoice("on-error", values.onError, ERROR_RULES),
    stallTimeout: parseDuration("stall-timeout", values.stallTimeout),
    instanceTimeout: parseDuration("instance-timeout", values.instanceTimeout),
    drainTimeout: parseDuration("drain-timeout", values.drainTimeout),
    maxEvents: parsePositiveInteger("max-events", values.maxEvents),
    maxMessageSize: parseSize("max-message-size", values.maxMessageSize),
    maxConnections: parsePositiveInteger("max-connections", values.maxConnections),
    watchParent: values.parentWatch,
    watch: values.watch,
    inspect: values.inspect === undefined ? undefined : parseInspect("inspect", values.inspect),
  };
}

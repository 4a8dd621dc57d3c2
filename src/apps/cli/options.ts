// Reads the command line: what its flags and arguments mean.
import { dirname, join } from "node:path";
import { type Command, CommanderError } from "commander";
import {
  FORMER_ALIASES,
  formerSocketName,
  normalizeFlags,
  parseChoice,
  parseDuration,
  parseInspect,
  parseMode,
  parsePositiveInteger,
  parseSize,
  refuseFormerFlags,
} from "../program/index.js";
import { LOG_FORMATS, LOG_LEVELS } from "../../core/log/index.js";
import { UsageError } from "../../core/model/index.js";
import {
  type BuildCommandOptions,
  type BundleOptions,
  type CheckOptions,
  ERROR_RULES,
  type InitOptions,
  type Invocation,
  ISOLATIONS,
  type KongConfOptions,
  type LoadingOptions,
  PDK_MATCHES,
  PROTOCOLS,
  type ServeOptions,
  type TryOptions,
  type TykConfOptions,
} from "./invocation.js";
import { FORMATS, MODES, serverFlags, type ServerFlags } from "../../gateways/kong/conf/index.js";
import { directoryMissing, requireOneAction, requirePaths, translateFormer } from "./one-meaning.js";
import { servingTyk, type TykValues } from "./serving-tyk.js";
import { createProgram } from "./program.js";

interface Values extends TykValues {
  readonly kongPrefix: string;
  readonly pluginsDir?: string;
  readonly socket?: string;
  readonly sockName?: string;
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
  readonly supervisor: boolean;
  readonly watch: boolean;
  readonly inspect?: string;
  readonly verbose?: boolean;
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
  readonly types?: boolean;
  readonly out?: string;
  readonly sign?: string;
  readonly manifest?: string;
  readonly tykVersion?: string;
  readonly oas?: boolean;
  readonly standalone?: boolean;
  readonly kongVersion?: string;
  readonly mode: string;
  readonly format: string;
}

const BOOLEANS = new Set([
  "dump-all-plugins",
  "version",
  "help",
  "no-parent-watch",
  "no-supervisor",
  "no-watch",
  "json",
  "types",
  "no-types",
  "standalone",
  "oas",
  "verbose",
]);
/** Where a server and a gateway on one machine meet, unless told otherwise. */
const TYK_ADDRESS = "tcp://127.0.0.1:5555";
/** Flags that say where Kong finds the server. */
const KONG_PLACES = ["kongPrefix", "socket", "sockName", "pluginSockets"];
const NAMES = {
  booleans: BOOLEANS,
  optionals: new Set(["dump"]),
  aliases: new Map<string, string>([...FORMER_ALIASES, ["h", "help"]]),
};

/** @throws {UsageError} for a command line that cannot be understood. */
export function parseCommandLine(argv: readonly string[]): Invocation {
  refuseFormerFlags(argv, NAMES);
  const program = createProgram();
  try {
    program.parse(normalizeFlags(withFormat(argv), NAMES), { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) throw new UsageError(goStyle(error.message));
    throw error;
  }
  requirePaths(program);
  translateFormer(program);
  requireOneAction(program);
  return toInvocation(program, formerSocketName(argv, NAMES));
}

/** Of kong-conf and tyk-conf, a -env without names means -format env: with names it is what it is everywhere, and taken over. */
function withFormat(argv: readonly string[]): readonly string[] {
  if (argv[0] !== "kong-conf" && argv[0] !== "tyk-conf") return argv;
  const isLast = (index: number): boolean => argv[index + 1]?.startsWith("-") ?? true;
  return argv.map((argument, index) => (/^--?env$/.test(argument) && isLast(index) ? "-format=env" : argument));
}

const goStyle = (text: string): string => firstLine(text.replace(/^error: /, "").replaceAll("option '--", "flag '-"));

const firstLine = (text: string): string => (text.split("\n", 1)[0] ?? "").trimEnd();

function toInvocation(program: Command, socketName: string | undefined): Invocation {
  const saysKong = KONG_PLACES.some((name) => program.getOptionValueSource(name) === "cli");
  const values: Values = { ...program.opts<Values>(), saysKong };
  const [command, ...operands] = program.args;
  if (values.help === true) return { command: "help", text: program.helpInformation().replaceAll(" --", " -") };
  if (values.version === true) return { command: "version" };
  switch (command) {
    case undefined:
      if (values.pluginsDir === undefined) throw new UsageError(directoryMissing(values.verbose === true));
      return plain(withSocket(values, socketName), values.pluginsDir);
    case "try":
      return { command, options: trying(values, operands) };
    case "check":
      return { command, options: checking(values, operands) };
    case "build":
      return { command, options: building(values, operands) };
    case "init":
      return { command, options: starting(values, operands) };
    case "kong-conf":
      return { command, options: configuring(values, operands, serverFlags(program)) };
    case "tyk-conf":
      return { command, options: configuringTyk(values, operands) };
    case "bundle":
      return { command, options: bundling(values, operands) };
    default:
      throw new UsageError(`there is no command "${program.args.join(" ")}"`);
  }
}

function withSocket(values: Values, name: string | undefined): Values {
  return name === undefined || values.socket !== undefined ? values : { ...values, socket: join(values.kongPrefix, name) };
}

/** `-tyk` takes the name along. */
function starting({ tyk }: Values, operands: readonly string[]): InitOptions {
  const names = tyk === undefined ? operands : [tyk, ...operands];
  return { name: onlyOperand("init", "the name of the plugin", names), gateway: tyk === undefined ? "kong" : "tyk" };
}

function trying(values: Values, operands: readonly string[]): TryOptions {
  if (operands.length > 0) throw new UsageError(`too many arguments: try takes flags alone, not "${operands.join(" ")}"`);
  return {
    ...serving(values, values.pluginsDir ?? ""),
    port: values.port === "0" ? 0 : parsePositiveInteger("port", values.port),
    config: values.config,
  };
}

function checking(values: Values, operands: readonly string[]): CheckOptions {
  const { pluginsDir } = values;
  const [directory = ".", ...others] = pluginsDir === undefined ? operands : [pluginsDir, ...operands];
  if (others.length > 0) throw new UsageError(`check takes one directory, not ${others.length + 1}`);
  const { kongVersion, json = false } = values;
  const types = values.types === undefined ? "projects" : values.types ? "all" : "none";
  return { ...loading(values, directory), json, kongVersion, types };
}

function building(values: Values, plugins: readonly string[]): BuildCommandOptions {
  const { out, sign, standalone = false } = values;
  if (plugins.length === 0) throw new UsageError("build takes the plugins to build: files or folders");
  if (out === undefined) throw new UsageError("-out is missing: say where the built files go");
  if (standalone && sign !== undefined)
    throw new UsageError(
      "-sign is not for -standalone: a gateway starts an executable as it is, and no server checks who signed it",
    );
  return { ...loading(values, out), plugins, out, sign, standalone };
}

function configuring(values: Values, operands: readonly string[], server: ServerFlags): KongConfOptions {
  const { pluginsDir, kongVersion } = values;
  if (operands.length > 0) throw new UsageError(`kong-conf takes flags alone, not "${operands.join(" ")}"`);
  if (pluginsDir === undefined) throw new UsageError("-plugins-dir is missing: say where the plugins are");
  if (kongVersion === undefined) throw new UsageError("-kong-version is missing: say which, such as 3.9");
  const [mode, format] = [parseChoice("mode", values.mode, MODES), parseChoice("format", values.format, FORMATS)];
  // What the server would refuse must not get into its start command.
  const options = serving(values, pluginsDir);
  return { ...options, kongVersion, mode, format, server };
}

function configuringTyk(values: Values, operands: readonly string[]): TykConfOptions {
  const { pluginsDir, tykVersion, oas = false, tyk = TYK_ADDRESS } = values;
  if (operands.length > 0) throw new UsageError(`tyk-conf takes flags alone, not "${operands.join(" ")}"`);
  if (pluginsDir === undefined) throw new UsageError("-plugins-dir is missing: say where the plugins are");
  return {
    ...loading(values, pluginsDir),
    tykVersion,
    oas,
    format: parseChoice("format", values.format, FORMATS),
    address: tyk,
    maxMessageSize: parseSize("max-message-size", values.maxMessageSize),
  };
}

function bundling(values: Values, plugins: readonly string[]): BundleOptions {
  const { out, sign, manifest } = values;
  if (plugins.length === 0) throw new UsageError("bundle takes the plugins to put into it: files or folders");
  if (out === undefined) throw new UsageError("-out is missing: say where the bundle goes, such as -out hooks.zip");
  if (!out.endsWith(".zip")) throw new UsageError(`-out ${out}: a bundle's name ends in .zip`);
  return { ...loading(values, dirname(out)), plugins, out, sign, manifest };
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
    isSupervised: values.supervisor,
    watch: values.watch,
    inspect: values.inspect === undefined ? undefined : parseInspect("inspect", values.inspect),
    tyk: servingTyk(values),
  };
}

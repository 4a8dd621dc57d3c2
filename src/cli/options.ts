// Owns the command line: its flags, their defaults and help, and what they mean.
import { Command, CommanderError, Option } from "commander";
import { normalizeFlags } from "./go-flags.js";
import { parseChoice, parseDuration, parseMode, parsePositiveInteger, parseSize } from "./parse-value.js";
import { UsageError } from "./usage-error.js";

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
const LOG_FORMATS = ["text", "json"] as const;
const PDK_MATCHES = ["exact", "compatible"] as const;
const ISOLATIONS = ["thread", "process"] as const;
const ERROR_RULES = ["exit", "continue"] as const;

export interface LogOptions {
  readonly level: (typeof LOG_LEVELS)[number];
  readonly format: (typeof LOG_FORMATS)[number];
}

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
  readonly log: LogOptions;
}

/** Times in milliseconds. */
export interface ServeOptions extends LoadingOptions {
  readonly kongPrefix: string;
  readonly socket: string | undefined;
  readonly socketMode: number;
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
}

export interface TryOptions extends ServeOptions {
  readonly port: number;
  readonly config: string | undefined;
}

export interface CheckOptions extends LoadingOptions {
  readonly json: boolean;
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
  | { readonly command: "check"; readonly options: CheckOptions };

interface Values {
  readonly kongPrefix: string;
  readonly pluginsDir?: string;
  readonly socket?: string;
  readonly socketMode: string;
  readonly threads: string;
  readonly pdkMatch: string;
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
}

const BOOLEANS = new Set(["dump-all-plugins", "version", "help", "no-parent-watch", "no-watch", "json"]);
const OPTIONALS = new Set(["dump"]);
const ALIASES = new Map([
  ["plugins-directory", "plugins-dir"],
  ["h", "help"],
  ["v", "version"],
]);

const COMMANDS = [
  "try: serve the plugins, a stand-in gateway and an echo upstream on this machine, for a first look;",
  "check [DIR]: say what a gateway would see in a plugins directory",
].join(" ");

const option = (flags: string, description: string): Option => new Option(flags, description);

function createProgram(): Command {
  return new Command("pluginserver")
    .usage("[-flag value | -flag=value]… [command]")
    .description("Serves the plugins of a directory to Kong Gateway. Flags take one dash or two.")
    .helpOption(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: () => {} })
    .argument("[command]", COMMANDS)
    .argument("[operands...]")
    .addOption(option("--kong-prefix <path>", "Kong's prefix: the socket is made there").default("/usr/local/kong"))
    .addOption(option("--plugins-dir <path>", "directory of the plugins (also -plugins-directory)"))
    .addOption(option("--socket <path>", "path of the socket (default PREFIX/go_pluginserver.sock)"))
    .addOption(option("--socket-mode <mode>", "permission bits of the socket, in octal").default("0600"))
    .addOption(option("--threads <n>", "isolates per plugin; its instances spread over them").default("1"))
    .addOption(
      option(
        "--pdk-match <rule>",
        "PDK versions a plugin may be built against: exact, or compatible by semantic versioning",
      ).default("exact"),
    )
    .addOption(
      option("--event-timeout <time>", "how long one run of a phase may take; keep it below the gateway's 60s").default("50s"),
    )
    .addOption(
      option("--on-error <rule>", "what becomes of a request whose plugin failed: exit with 500, or continue without it").default(
        "exit",
      ),
    )
    .addOption(
      option("--stall-timeout <time>", "how long a busy isolate may give no sign of life before it is replaced").default("5s"),
    )
    .addOption(option("--load-timeout <time>", "how long one plugin's module may take to load").default("10s"))
    .addOption(option("--instance-timeout <time>", "how long an instance stays unused before it goes").default("60s"))
    .addOption(option("--drain-timeout <time>", "how long running events may take to finish when the server ends").default("10s"))
    .addOption(
      option("--isolation <kind>", "where plugins run: thread, or process: a child process at which crashes end too").default(
        "thread",
      ),
    )
    .addOption(option("--isolate-memory <size>", "memory of one isolate; a thread close to it is replaced").default("256MB"))
    .addOption(option("--env <names>", "environment variables that plugins do not see, such as KONG_*,AWS_*").default(""))
    .addOption(option("--max-events <n>", "events that one isolate runs at once").default("10000"))
    .addOption(option("--max-connections <n>", "connections at once").default("10000"))
    .addOption(option("--max-message-size <size>", "largest message taken from a gateway").default("64MB"))
    .addOption(option("--no-watch", "do not reload plugins when their files change (SIGHUP does)"))
    .addOption(option("--no-parent-watch", "go on when the parent process is gone (for containers and supervisors)"))
    .addOption(option("--log-level <level>", LOG_LEVELS.join(", ")).default("info"))
    .addOption(option("--log-format <format>", LOG_FORMATS.join(" or ")).default("text"))
    .addOption(option("--dump-all-plugins", "print all plugins as a JSON array and exit"))
    .addOption(option("--dump [name]", "print one plugin as a JSON array of one, or all, and exit"))
    .addOption(option("--dump-plugin-info <name>", "print one plugin as MessagePack and exit (Kong 2.0 to 2.8)"))
    .addOption(option("--port <port>", "try: port of the stand-in gateway").default("8000"))
    .addOption(option("--config <file>", "try: declarative configuration of the stand-in gateway, YAML or JSON"))
    .addOption(option("--json", "check: print JSON"))
    .addOption(option("--version", "print the versions of server and runtime and exit"))
    .addOption(option("--help", "print this and exit"));
}

/** @throws {UsageError} for a command line that cannot be understood. */
export function parseCommandLine(argv: readonly string[]): Invocation {
  const program = createProgram();
  try {
    program.parse(normalizeFlags(argv, { booleans: BOOLEANS, optionals: OPTIONALS, aliases: ALIASES }), { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) throw new UsageError(goStyle(error.message));
    throw error;
  }
  return toInvocation(program.opts<Values>(), program.args, program.helpInformation());
}

const goStyle = (text: string): string =>
  text
    .replace(/^error: /, "")
    .replaceAll("option '--", "flag '-")
    .replace(/\s*\n[\s\S]*$/, "");

function toInvocation(values: Values, args: readonly string[], help: string): Invocation {
  if (values.help === true) return { command: "help", text: help.replaceAll(" --", " -") };
  if (values.version === true) return { command: "version" };
  const [command, ...operands] = args;
  switch (command) {
    case undefined:
      if (values.pluginsDir === undefined) throw new UsageError("-plugins-dir is missing: say where the plugins are");
      return plain(values, values.pluginsDir);
    case "try":
      return { command, options: trying(values, operands) };
    case "check":
      return { command, options: checking(values, operands) };
    default:
      throw new UsageError(`there is no command "${args.join(" ")}"`);
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
    pdkMatch: parseChoice("pdk-match", values.pdkMatch, PDK_MATCHES),
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
  };
}

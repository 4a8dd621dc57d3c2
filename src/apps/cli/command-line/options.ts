// Reads the command line: what its flags and arguments mean.
import { dirname, join, resolve } from "node:path";
import { checkAdminOptions } from "../../admin/index.js";
import { UsageError } from "../../../core/model/index.js";
import {
  ACTION_FLAGS,
  commandFlags,
  DUMP_FLAGS,
  formerSocketName,
  type GivenFlags,
  namedFlags,
  refuseFormerFlags,
  requireAddress,
  saysKong,
  SERVER_FLAGS,
  serverFlags,
  settingsOf,
} from "../../flags/index.js";
import { Settings } from "../../settings/index.js";
import type {
  BuildCommandOptions,
  BundleOptions,
  CheckOptions,
  ConfigOptions,
  InitOptions,
  Invocation,
  KongConfOptions,
  LoadingOptions,
  ServeOptions,
  TryOptions,
  TykConfOptions,
} from "./invocation.js";
import { namesBundle } from "./invocation.js";
import { directoryMissing, requireOneAction, requirePaths, translateFormer } from "./one-meaning.js";
import { NAMES, readCommandLine } from "../program.js";
import { operatorRequest } from "./operator-options.js";
import { servingTyk } from "./serving-tyk.js";

/** Where a server and a gateway on one machine meet, unless told otherwise. */
const TYK_ADDRESS = "tcp://127.0.0.1:5555";

/** `settings` are beneath the command line. @throws {UsageError} for what cannot be understood. */
export function parseCommandLine(argv: readonly string[], settings = Settings.NONE): Invocation {
  try {
    return parse(argv, settings);
  } catch (error) {
    throw settings.explain(error);
  }
}

function parse(argv: readonly string[], settings: Settings): Invocation {
  refuseFormerFlags(argv, NAMES);
  const line = readCommandLine(withFormat(argv));
  const command = requireOneAction(line);
  const all = settings.beneath(line.given);
  requirePaths(all);
  const given = translateFormer(all, prefixOf(all));
  if (given.has("help")) return { command: "help", text: line.help() };
  if (given.has("version")) return { command: "version" };
  const { operands } = line;
  switch (command) {
    case "serve":
      return plain(withSocket(given, formerSocketName(argv, NAMES)), saysKong(all));
    case "try":
      return { command, options: trying(given, operands) };
    case "check":
      return { command, options: checking(given, operands, line.given) };
    case "build":
      return { command, options: building(given, operands) };
    case "init":
      return { command, options: starting(given, operands) };
    case "kong-conf":
      return { command, options: configuring(given, operands, settings) };
    case "tyk-conf":
      return { command, options: configuringTyk(given, operands) };
    case "config":
      return { command, options: showing(withSocket(given, formerSocketName(argv, NAMES)), operands, settings, line.given) };
    case "bundle":
      return { command, options: bundling(given, operands) };
    case "status":
    case "reload":
    case "log-level":
    case "drain":
    case "heap":
    case "profile":
      return { command: "operate", request: operatorRequest(command, given, operands) };
    case "run":
      throw new UsageError("run stands in front of all flags: pluginserver run PLUGIN [-flag value]…");
  }
}

/** Of kong-conf and tyk-conf, a -env without names means -format env: with names it is what it is everywhere, and taken over. */
function withFormat(argv: readonly string[]): readonly string[] {
  if (argv[0] !== "kong-conf" && argv[0] !== "tyk-conf") return argv;
  const isLast = (index: number): boolean => argv[index + 1]?.startsWith("-") ?? true;
  return argv.map((argument, index) => (/^--?env$/.test(argument) && isLast(index) ? "-format=env" : argument));
}

const PLUGINS_DIR = namedFlags("plugins-dir");

const prefixOf = (given: GivenFlags): string => settingsOf(namedFlags("kong-prefix"), given).kongPrefix;

const withSocket = (given: GivenFlags, name: string | undefined): GivenFlags =>
  name === undefined || given.has("socket") ? given : new Map([...given, ["socket", join(prefixOf(given), name)]]);

/** `-tyk` takes the name along. */
function starting(given: GivenFlags, operands: readonly string[]): InitOptions {
  const { tyk, test } = settingsOf(commandFlags("init"), given);
  const names = typeof tyk === "string" ? [tyk, ...operands] : operands;
  return { name: onlyOperand("init", "the name of the plugin", names), gateway: tyk === undefined ? "kong" : "tyk", test };
}

function trying(given: GivenFlags, operands: readonly string[]): TryOptions {
  if (operands.length > 0) throw new UsageError(`too many arguments: try takes flags alone, not "${operands.join(" ")}"`);
  const options = serving(given, settingsOf(PLUGINS_DIR, given).pluginsDir ?? "");
  if (namesBundle(options)) throw new UsageError("try takes a folder of plugins: unpack the bundle, or serve it");
  const { tyk: trialOfTyk, tykVersion, port } = settingsOf(commandFlags("try"), given);
  if (tykVersion !== undefined && trialOfTyk === undefined) throw new UsageError("-tyk-version is for try -tyk");
  if (typeof trialOfTyk === "string") requireAddress(trialOfTyk);
  return { ...options, port, trialOfTyk, tykVersion };
}

function checking(given: GivenFlags, operands: readonly string[], written: GivenFlags): CheckOptions {
  // A directory that is named on the command line counts before one of a variable or a file.
  const { pluginsDir } = settingsOf(PLUGINS_DIR, operands.length > 0 ? written : given);
  const [directory = ".", ...others] = pluginsDir === undefined ? operands : [pluginsDir, ...operands];
  if (others.length > 0) throw new UsageError(`check takes one directory, not ${others.length + 1}`);
  const { json, kongVersion, types, noTypes } = settingsOf(commandFlags("check"), given);
  return { ...loading(given, directory), json, kongVersion, types: types ? "all" : noTypes ? "none" : "projects" };
}

function building(given: GivenFlags, plugins: readonly string[]): BuildCommandOptions {
  const { out, sign, standalone, executable, server, node } = settingsOf(commandFlags("build"), given);
  if (server && !executable) throw new UsageError("-server is for -executable: elsewhere the package is the server");
  if (server && plugins.length > 0)
    throw new UsageError(
      `-server builds the server without plugins: give it their folder with -plugins-dir, and leave out ${plugins.join(" ")}`,
    );
  if (!server && plugins.length === 0) throw new UsageError("build takes the plugins to build: files or folders");
  if (out === undefined) throw new UsageError("-out is missing: say where the built files go");
  if (node !== undefined && !executable) throw new UsageError("-node is for -executable: nothing else has Node.js in it");
  if (executable && standalone)
    throw new UsageError("-executable and -standalone: an executable has Node.js in it, or it has not");
  if ((standalone || executable) && sign !== undefined)
    throw new UsageError(
      "-sign is not for -standalone and -executable: a gateway starts an executable as it is, and no server checks who signed it",
    );
  return {
    ...loading(given, out),
    plugins,
    out,
    sign,
    standalone,
    server,
    node: executable ? (node ?? process.execPath) : undefined,
  };
}

function configuring(given: GivenFlags, operands: readonly string[], settings: Settings): KongConfOptions {
  const pluginsDirectory = directoryOf("kong-conf", given, operands);
  const { kongVersion, mode, format } = settingsOf(commandFlags("kong-conf"), given);
  if (kongVersion === undefined) throw new UsageError("-kong-version is missing: say which, such as 3.9");
  // What the server would refuse must not get into its start command.
  const options = serving(given, pluginsDirectory);
  const places = {
    kongPrefix: resolve(options.kongPrefix),
    socket: absolute(options.socket),
    pluginSockets: absolute(options.pluginSockets),
  };
  return { ...options, kongVersion, mode, format, server: { ...places, ...serverFlags(withoutFile(given, settings)) } };
}

/** The server reads the file itself, so that a change of it counts with the next start. */
const withoutFile = (given: GivenFlags, settings: Settings): GivenFlags =>
  new Map([...given].filter(([name]) => settings.sourceOf(name)?.kind !== "file"));

const absolute = (path: string | undefined): string | undefined => (path === undefined ? undefined : resolve(path));

function configuringTyk(given: GivenFlags, operands: readonly string[]): TykConfOptions {
  const pluginsDirectory = directoryOf("tyk-conf", given, operands);
  const { tykVersion, oas, format, tyk } = settingsOf(commandFlags("tyk-conf"), given);
  const address = typeof tyk === "string" ? tyk : TYK_ADDRESS;
  const { maxMessageSize } = settingsOf(namedFlags("max-message-size"), given);
  return { ...loading(given, pluginsDirectory), tykVersion, oas, format, address, maxMessageSize };
}

function bundling(given: GivenFlags, plugins: readonly string[]): BundleOptions {
  const { out, sign, manifest, index } = settingsOf(commandFlags("bundle"), given);
  if (plugins.length === 0) throw new UsageError("bundle takes the plugins to put into it: files or folders");
  if (out === undefined) throw new UsageError("-out is missing: say where the bundle goes, such as -out hooks.zip");
  if (!out.endsWith(".zip")) throw new UsageError(`-out ${out}: a bundle's name ends in .zip`);
  return { ...loading(given, dirname(out)), plugins, out, sign, manifest, index };
}

/** What a server would refuse is refused here too. */
function showing(given: GivenFlags, operands: readonly string[], settings: Settings, written: GivenFlags): ConfigOptions {
  if (operands.length > 0) throw new UsageError(`config takes flags alone, not "${operands.join(" ")}"`);
  serving(given, settingsOf(PLUGINS_DIR, given).pluginsDir ?? "");
  servingTyk(given, saysKong(given));
  return { ...settingsOf(commandFlags("config"), given), given, written, settings };
}

function directoryOf(command: string, given: GivenFlags, operands: readonly string[]): string {
  const { pluginsDir } = settingsOf(PLUGINS_DIR, given);
  if (operands.length > 0) throw new UsageError(`${command} takes flags alone, not "${operands.join(" ")}"`);
  if (pluginsDir === undefined && !given.has("plugins-url"))
    throw new UsageError("-plugins-dir is missing: say where the plugins are");
  return pluginsDir ?? "";
}

function onlyOperand(command: string, what: string, operands: readonly string[]): string {
  const [operand, ...others] = operands;
  if (operand === undefined || others.length > 0) throw new UsageError(`${command} takes one argument: ${what}`);
  return operand;
}

/** What is asked for without a command. */
function plain(given: GivenFlags, saidKong: boolean): Invocation {
  const { pluginsDir } = settingsOf(PLUGINS_DIR, given);
  const hasIndex = given.has("plugins-url");
  if (hasIndex && pluginsDir !== undefined)
    throw new UsageError("-plugins-dir and -plugins-url both say where plugins are: give one");
  // Kong has none from those for Tyk.
  const bundlesOnly = pluginsDir === undefined && !hasIndex && given.has("bundles") && !saidKong;
  if (pluginsDir === undefined && !hasIndex && !bundlesOnly) throw new UsageError(directoryMissing(given.has("verbose")));
  const options = loading(given, pluginsDir ?? "");
  const { dumpPluginInfo, dump, dumpAllPlugins } = settingsOf(ACTION_FLAGS, given);
  if (dumpPluginInfo !== undefined) return { command: "dump-plugin-info", name: dumpPluginInfo, options };
  if (typeof dump === "string") return { command: "dump", name: dump, options };
  if (dump === true || dumpAllPlugins) return { command: "dump-all", options };
  const tyk = servingTyk(given, saidKong);
  return { command: "serve", options: { ...serving(given, options.pluginsDirectory), bundlesOnly, tyk } };
}

function loading(given: GivenFlags, pluginsDirectory: string): LoadingOptions {
  const { env, logLevel, logFormat, ...settings } = settingsOf(DUMP_FLAGS, given);
  return { ...settings, pluginsDirectory, hiddenEnvironment: env, log: { ...logLevel, format: logFormat } };
}

function serving(given: GivenFlags, pluginsDirectory: string): ServeOptions {
  const { noWatch, noParentWatch, noSupervisor, ...settings } = settingsOf(SERVER_FLAGS, given);
  checkAdminOptions(settings);
  return {
    ...settings,
    ...loading(given, pluginsDirectory),
    watch: !noWatch,
    watchParent: !noParentWatch,
    isSupervised: !noSupervisor,
    bundlesOnly: false,
    tyk: undefined,
  };
}

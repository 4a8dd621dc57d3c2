// Plans the settings with which one release of the gateway finds, starts and asks the plugins of a directory.
import { join } from "node:path";
import { CommandError } from "../../../core/model/index.js";
import { requireShortPath } from "../../../core/net/index.js";
import type { ProtocolLoss } from "../usage/index.js";
import { commandText, type GivenFlag, shellWord } from "./command-text.js";
import { entryNames } from "./entry-names.js";
import type { GatewayRelease } from "./gateway-release.js";
import { chooseProtocol } from "./protocol-choice.js";

/** A line of kong.conf. */
export type ConfLine = { readonly comment: string } | { readonly key: string; readonly value: string };

export interface ConfiguredServer {
  /** Absolute path of `pluginserver`. */
  readonly executable: string;
  /** Absolute path; undefined where a flag says where plugins are instead. */
  readonly pluginsDirectory: string | undefined;
  /** Names of the plugins there. */
  readonly plugins: readonly string[];
  /** The phases that each of them has handlers for. */
  readonly phasesOf?: ReadonlyMap<string, readonly string[]>;
  readonly kongPrefix: string;
  readonly socket: string | undefined;
  /** The folder of the sockets of single plugins. */
  readonly pluginSockets: string | undefined;
  /** `auto` where none is given: the release and the plugins decide. */
  readonly protocol: string;
  /** What each plugin would lose in ProtoBuf:1. */
  readonly lossesOf?: ReadonlyMap<string, readonly ProtocolLoss[]>;
  /** Flags for the server, in addition to where Kong and the plugins are. */
  readonly startFlags: readonly GivenFlag[];
  /** The ones of them that a dump needs as well. */
  readonly queryFlags: readonly GivenFlag[];
}

/** What a command line says of the server that it would start. */
export type ServerFlags = Pick<ConfiguredServer, "kongPrefix" | "socket" | "pluginSockets" | "startFlags" | "queryFlags">;

/** Exists in every image of the gateway, and a signal ends it. */
const IDLE_COMMAND = "/usr/bin/tail -f /dev/null";

export const comment = (text: string): ConfLine => ({ comment: text });
export const setting = (key: string, value: string): ConfLine => ({ key, value });

/** @throws {SocketError} where no gateway could connect to it: some of them try for ever. */
export function socketSetting(key: string, path: string): ConfLine {
  requireShortPath(path, "use a shorter folder");
  return setting(key, path);
}

/** The gateway's own list of plugins, where each of ours has to stand. */
export function pluginsSetting({ plugins }: ConfiguredServer): ConfLine[] {
  return [
    comment("What you load already stays in this list; bundled stands for the plugins that Kong brings along."),
    setting("plugins", ["bundled", ...plugins].join(",")),
  ];
}

/** What the release never runs of the plugins. */
export function phaseComments({ phasesOf = new Map() }: ConfiguredServer, { name, neverRuns }: GatewayRelease): ConfLine[] {
  return Object.entries(neverRuns).flatMap(([phase, why]) => {
    const plugins = [...phasesOf].filter(([, phases]) => phases.includes(phase)).map(([plugin]) => plugin);
    return plugins.length === 0
      ? []
      : [comment(`Kong ${name} ${why}: the ${phase} handlers of ${plugins.join(", ")} never run.`)];
  });
}

/** One process, one socket. @throws {CommandError} for what the release cannot do. */
export function sharedSettings(server: ConfiguredServer, release: GatewayRelease): ConfLine[] {
  const socket = server.socket ?? join(server.kongPrefix, "go_pluginserver.sock");
  const socketLine = socketSetting("pluginserver_ts_socket", socket);
  if (release.legacy === "only") return legacySettings(server, release);
  if (release.registers === "first")
    return entryPerPlugin(server, release, { socketOf: () => socket, startFlags: [], areShared: true });
  requireProtocol(server, release);
  const { flags, reasons } = chooseProtocol(server, release, true);
  return [
    ...legacyComments(release),
    ...pluginsSetting(server),
    ...reasons.map(comment),
    setting("pluginserver_names", "ts"),
    socketLine,
    setting("pluginserver_ts_start_cmd", startCommand(server, [])),
    setting("pluginserver_ts_query_cmd", queryCommand(server, [...flags(), { name: "dump-all-plugins" }])),
  ];
}

/** One process with a socket for each plugin. @throws {CommandError} for what the release cannot do. */
export function perPluginSettings(server: ConfiguredServer, release: GatewayRelease): ConfLine[] {
  if (release.legacy === "only")
    throw new CommandError(`Kong ${release.name} has one plugin server with one socket, go_pluginserver.sock: use -mode shared`);
  const folder = server.pluginSockets ?? server.kongPrefix;
  const given = server.startFlags.some(({ name }) => name === "plugin-sockets");
  return entryPerPlugin(server, release, {
    socketOf: (plugin) => join(folder, `${plugin}.socket`),
    startFlags: given ? [] : [{ name: "plugin-sockets", value: folder }],
    areShared: false,
  });
}

interface Sockets {
  readonly socketOf: (plugin: string) => string;
  readonly startFlags: readonly GivenFlag[];
  /** Whether all plugins have one, and so one protocol. */
  readonly areShared: boolean;
}

function entryPerPlugin(
  server: ConfiguredServer,
  release: GatewayRelease,
  { socketOf, startFlags, areShared }: Sockets,
): ConfLine[] {
  requireProtocol(server, release);
  const { flags, reasons } = chooseProtocol(server, release, areShared);
  const entries = entryNames(server.plugins);
  const settings = [
    ...legacyComments(release),
    ...pluginsSetting(server),
    ...reasons.map(comment),
    ...entryComments(release, entries.length > 1),
    setting("pluginserver_names", entries.map(({ name }) => name).join(",")),
  ];
  entries.forEach(({ plugin, key }, index) => {
    settings.push(socketSetting(`${key}_socket`, socketOf(plugin)));
    if (index === 0) settings.push(setting(`${key}_start_cmd`, startCommand(server, startFlags)));
    else if (release.needsStartCommand) settings.push(setting(`${key}_start_cmd`, IDLE_COMMAND));
    settings.push(setting(`${key}_query_cmd`, queryCommand(server, [...flags(plugin), { name: "dump", value: plugin }])));
  });
  return settings;
}

function entryComments({ name, registers, needsStartCommand }: GatewayRelease, areMany: boolean): ConfLine[] {
  const settings: ConfLine[] = [];
  if (registers === "first")
    settings.push(
      comment(
        `Kong ${name} looks only at the first plugin of a dump, and does not start where a second one is needed: one entry each.`,
      ),
    );
  if (!areMany) return settings;
  if (needsStartCommand)
    settings.push(
      comment(`Kong ${name} runs only plugins whose entry has a start command: the others get one that does nothing for ever.`),
    );
  else
    settings.push(
      comment(
        "The first entry starts the server for all. Kong starts /usr/local/bin/ENTRY, where there is one, for the others: keep none there.",
      ),
    );
  return settings;
}

function legacySettings(server: ConfiguredServer, { name }: GatewayRelease): ConfLine[] {
  const { executable, startFlags } = server;
  if (startFlags.length > 0) {
    const script = `exec ${commandText(executable, startFlags)} "$@"`;
    throw new CommandError(
      `Kong ${name} makes the command line itself and passes no ${startFlags.map((flag) => `-${flag.name}`).join(", ")}: ` +
        `leave it out, or name an executable script with the line  ${script}  as go_pluginserver_exe`,
    );
  }
  if (shellWord(executable) !== executable)
    throw new CommandError(
      `Kong ${name} cannot start ${executable}, for the characters in it: install it, or link to it, elsewhere`,
    );
  return [
    comment(`Kong ${name} has one plugin server. It adds -kong-prefix and -plugins-directory, and asks for each plugin with`),
    comment("-dump-plugin-info; the socket is PREFIX/go_pluginserver.sock, the protocol MsgPack:1."),
    ...pluginsSetting(server),
    setting("go_pluginserver_exe", executable),
    setting("go_plugins_dir", server.pluginsDirectory ?? server.kongPrefix),
  ];
}

export function legacyComments({ name, legacy }: GatewayRelease): ConfLine[] {
  switch (legacy) {
    case "broken":
      return [comment(`go_plugins_dir and go_pluginserver_exe do not work in Kong ${name}, for a bug of it: remove them.`)];
    case "other":
      return [
        comment(
          `Kong ${name} reads go_plugins_dir and go_pluginserver_exe only where pluginserver_names is not set: remove them.`,
        ),
      ];
    case "gone":
      return [comment(`Kong ${name} no longer knows go_plugins_dir and go_pluginserver_exe: remove them.`)];
    case "only":
      return [];
  }
}

function requireProtocol({ protocol }: ConfiguredServer, { name, dump }: GatewayRelease): void {
  if (dump === "array" && protocol === "ProtoBuf:1")
    throw new CommandError(
      `Kong ${name} reads dumps that are a bare array, and speaks MsgPack:1: ProtoBuf:1 needs Kong 2.4 or newer`,
    );
}

function startCommand(
  { executable, kongPrefix, pluginsDirectory, startFlags }: ConfiguredServer,
  more: readonly GivenFlag[],
): string {
  const places = [{ name: "kong-prefix", value: kongPrefix }, ...directoryFlag(pluginsDirectory)];
  return commandText(executable, [...places, ...startFlags, ...more]);
}

const directoryFlag = (directory: string | undefined): readonly GivenFlag[] =>
  directory === undefined ? [] : [{ name: "plugins-dir", value: directory }];

function queryCommand({ executable, pluginsDirectory, queryFlags }: ConfiguredServer, dump: readonly GivenFlag[]): string {
  return commandText(executable, [...directoryFlag(pluginsDirectory), ...queryFlags, ...dump]);
}

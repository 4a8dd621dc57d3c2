// Plans the settings for plugins that are executables of their own, made with `pluginserver build -standalone`.
import { join } from "node:path";
import { CommandError } from "../../../core/model/index.js";
import { commandText, type GivenFlag } from "./command-text.js";
import { type Entry, entryNames } from "./entry-names.js";
import type { GatewayRelease } from "./gateway-release.js";
import { chooseProtocol } from "./protocol-choice.js";
import {
  comment,
  type ConfiguredServer,
  legacyComments,
  pluginsSetting,
  type ConfLine,
  setting,
  socketSetting,
} from "./kong-settings.js";

const FOLDER = "/usr/local/bin";
const DEFAULT_PREFIX = "/usr/local/kong";

/** @throws {CommandError} for what the release, or a program, cannot do. */
export function standaloneSettings(server: ConfiguredServer, release: GatewayRelease): ConfLine[] {
  requireStandalone(server, release);
  const flags = server.startFlags.filter(({ inPrograms }) => inPrograms !== "unused");
  const entries = entryNames(server.plugins);
  const isDefault = (entry: Entry): boolean =>
    release.asksExecutable && entry.name === entry.plugin && flags.length === 0 && server.kongPrefix === DEFAULT_PREFIX;
  const protocol = chooseProtocol(server, release, false);
  return [
    ...legacyComments(release),
    ...pluginsSetting(server),
    ...protocol.reasons.map(comment),
    comment(`Each plugin is an executable ${FOLDER}/NAME, made with: pluginserver build -standalone PLUGIN -out DIR`),
    ...(entries.some(isDefault)
      ? [
          comment(
            `Kong ${release.name} starts ${FOLDER}/NAME, asks it with -dump, and takes the socket PREFIX/NAME.socket, by itself.`,
          ),
        ]
      : []),
    setting("pluginserver_names", entries.map(({ name }) => name).join(",")),
    ...entries.flatMap((entry) => {
      const chosen = protocol.flags(entry.plugin);
      if (!isDefault(entry)) return entrySettings(entry, server, flags, chosen);
      return chosen.length === 0 ? [] : [querySetting(entry, chosen)];
    }),
  ];
}

function requireStandalone({ startFlags }: ConfiguredServer, { name, legacy, dump }: GatewayRelease): void {
  if (legacy === "only")
    throw new CommandError(`Kong ${name} has one plugin server, and knows no plugin that is a program: use -mode shared`);
  if (dump === "array")
    throw new CommandError(`Kong ${name} reads dumps that are a bare array, which a program's is not: use -mode shared`);
  for (const flag of startFlags)
    if (typeof flag.inPrograms === "object")
      throw new CommandError(`-${flag.name} is not for a plugin that is a program: ${flag.inPrograms.refused}`);
}

function entrySettings(
  entry: Entry,
  { kongPrefix }: ConfiguredServer,
  flags: readonly GivenFlag[],
  chosen: readonly GivenFlag[],
): ConfLine[] {
  const { plugin, key } = entry;
  const start = [...(kongPrefix === DEFAULT_PREFIX ? [] : [{ name: "kong-prefix", value: kongPrefix }]), ...flags];
  return [
    socketSetting(`${key}_socket`, join(kongPrefix, `${plugin}.socket`)),
    setting(`${key}_start_cmd`, commandText(join(FOLDER, plugin), start)),
    querySetting(entry, [...flags.filter(({ name }) => name === "protocol"), ...chosen]),
  ];
}

const querySetting = ({ plugin, key }: Entry, protocol: readonly GivenFlag[]): ConfLine =>
  setting(`${key}_query_cmd`, commandText(join(FOLDER, plugin), [...protocol, { name: "dump" }]));

// Chooses which protocol a gateway is told to speak with each plugin, by its release and by what the plugins call.
import type { GivenFlag } from "./command-text.js";
import type { ProtocolLoss } from "../usage/index.js";
import type { GatewayRelease } from "./gateway-release.js";

/** Whom it is chosen for. */
interface Chosen {
  readonly plugins: readonly string[];
  readonly protocol: string;
  readonly queryFlags: readonly GivenFlag[];
  readonly lossesOf?: ReadonlyMap<string, readonly ProtocolLoss[]>;
}

export interface ProtocolChoice {
  /** What a dump is told of the protocol: of that plugin, or of all. */
  readonly flags: (plugin?: string) => readonly GivenFlag[];
  /** Sentences. */
  readonly reasons: readonly string[];
}

const PROTOBUF: readonly GivenFlag[] = [{ name: "protocol", value: "ProtoBuf:1" }];

/** A protocol that is given holds. `isShared`: all plugins have one socket, and pooled connections to it speak one protocol. */
export function chooseProtocol(chosen: Chosen, { name, protobuf }: GatewayRelease, isShared: boolean): ProtocolChoice {
  const { plugins, protocol, queryFlags } = chosen;
  const losses = lossesIn(chosen);
  if (protocol !== "auto" || queryFlags.some((flag) => flag.name === "protocol"))
    return announced([], protocol === "ProtoBuf:1" ? losses.map(warning) : []);
  if (protobuf.is === "none") return announced([], []);
  if (protobuf.is === "worse") return announced([], [`MsgPack:1: over ProtoBuf:1 Kong ${name} ${protobuf.why}.`]);
  const deciding = losses.filter(({ decides }) => decides);
  const others = plugins.filter((plugin) => deciding.every((loss) => loss.plugin !== plugin));
  const reasons = deciding.map(
    ({ plugin, text }) => `MsgPack:1${isShared ? "" : ` for ${plugin}`}: plugin ${plugin} calls ${text}.`,
  );
  if (others.length === 0) return announced([], reasons);
  if (isShared && deciding.length > 0)
    return announced([], [...reasons, `With -mode per-plugin ${others.join(", ")} would have ProtoBuf:1.`]);
  const warnings = losses.filter(({ plugin }) => others.includes(plugin)).map(warning);
  return announced(others, [`ProtoBuf:1: over MsgPack:1 Kong ${name} ${protobuf.why}.`, ...reasons, ...warnings]);
}

type LossOf = ProtocolLoss & { readonly plugin: string };

const lossesIn = ({ plugins, lossesOf = new Map() }: Chosen): LossOf[] =>
  plugins.flatMap((plugin) => (lossesOf.get(plugin) ?? []).map((loss) => ({ plugin, ...loss })));

const warning = ({ plugin, text }: LossOf): string => `ProtoBuf:1, look at plugin ${plugin}: it calls ${text}.`;

/** ProtoBuf:1 for these; without a word a dump announces MsgPack:1. */
function announced(plugins: readonly string[], reasons: readonly string[]): ProtocolChoice {
  return {
    flags: (plugin) => (plugins.length > 0 && (plugin === undefined || plugins.includes(plugin)) ? PROTOBUF : []),
    reasons,
  };
}

// Reads which servers are compared, and says with which command each is started.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { LoadProtocol } from "../load/load-run.js";
import type { Scenario } from "../workloads/index.js";
import { groupOf } from "../workloads/index.js";
import type { BenchOptions } from "./options.js";

/** A server, as `peers.json` has it. Commands may contain the placeholders that README.md lists. */
export interface Peer {
  readonly name: string;
  readonly about: string;
  readonly start: readonly string[];
  /** Prints the infos of all plugins. */
  readonly dump?: readonly string[];
  /** Files of `benchmarks/plugins` whose loading time is measured. */
  readonly coldPlugins: readonly string[];
  /** Workloads that it cannot run. */
  readonly without: readonly string[];
  /** The only ones that it runs, where not all are. */
  readonly only?: readonly string[];
  /** Where gateways connect to, if not to `{socket}`. */
  readonly socket?: string;
  readonly protocol: LoadProtocol;
}

export type Placeholders = Readonly<Record<string, string>>;

/** @throws where the file is not as README.md says. */
export function readPeers(directory: string, { peersFile, peers: wanted, against }: BenchOptions): Peer[] {
  const path = peersFile === undefined ? join(directory, "peers.json") : resolve(peersFile);
  const content: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (!Array.isArray(content)) throw new Error(`${path} is not a list of servers`);
  const all = content.map((item: unknown) => parsePeer(item, path));
  const peers = wanted === undefined ? all : all.filter(({ name }) => wanted.includes(name));
  const unknown = wanted?.filter((name) => !peers.some((peer) => peer.name === name)) ?? [];
  if (unknown.length > 0) throw new Error(`${path} has no server ${unknown.join(", ")}`);
  return against === undefined ? peers : withBase(peers, resolve(against));
}

function parsePeer(item: unknown, path: string): Peer {
  const fields = (typeof item === "object" && item !== null ? item : {}) as Readonly<Record<string, unknown>>;
  const { name, about = "", start, dump, coldPlugins = [], without = [], only, socket, protocol = "MsgPack:1" } = fields;
  if (typeof name !== "string" || typeof about !== "string" || !isTexts(start) || !isTexts(coldPlugins) || !isTexts(without))
    throw new Error(`${path}: each server needs a name and the list of words that start it`);
  if (protocol !== "MsgPack:1" && protocol !== "ProtoBuf:1" && protocol !== "gRPC")
    throw new Error(`${path}: ${name} speaks no known protocol`);
  return {
    ...{ name, about, start, coldPlugins, without, protocol },
    ...(isTexts(dump) ? { dump } : {}),
    ...(isTexts(only) ? { only } : {}),
    ...(typeof socket === "string" ? { socket } : {}),
  };
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

/** The same server from another checkout, next to this one's. */
function withBase(peers: readonly Peer[], checkout: string): Peer[] {
  const at = (words: readonly string[]): string[] => words.map((word) => word.replaceAll("{root}", checkout));
  return peers.flatMap((peer) => {
    if (peer.name !== "isolates") return [peer];
    const base = { ...peer, name: "base", about: `the same from ${checkout}`, start: at(peer.start) };
    return [peer, peer.dump === undefined ? base : { ...base, dump: at(peer.dump) }];
  });
}

export const runs = ({ without, only, protocol }: Peer, scenario: Scenario): boolean =>
  (protocol === "gRPC") === (scenario.gateway === "tyk") &&
  !without.includes(groupOf(scenario)) &&
  only?.includes(groupOf(scenario)) !== false;

/** @throws for a placeholder that has no value. */
export function fill(words: readonly string[], values: Placeholders): string[] {
  return words.map((word) =>
    word.replaceAll(/\{([\w-]+)\}/g, (_, name: string) => {
      const value = values[name];
      if (value === undefined) throw new Error(`{${name}} in "${word}" stands for nothing`);
      return value;
    }),
  );
}

/** Installs what the peers need from npm, once. */
export function installPeers(directory: string, peers: readonly Peer[]): void {
  const needed = peers.some(({ start }) => start.some((word) => word.includes("{kong-pdk}")));
  if (!needed || existsSync(join(directory, "node_modules", "kong-pdk"))) return;
  process.stderr.write("installing the packages of benchmarks/package.json\n");
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: directory, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error(`"npm ci" failed in ${directory}; without these packages use --peers`);
}

// `kong.node.*`: the machine and the process the gateway runs on.

import { isText } from "../document/byte-text.js";
import { RefusedCall, type PdkArguments, type PdkFunctions } from "./definition.js";

export const nodeFunctions: PdkFunctions = {
  "kong.node.get_id": { phases: "RASL", run: ({ facts }) => facts.nodeId },
  "kong.node.get_hostname": { phases: "RASL", run: ({ facts }) => facts.hostname },
  "kong.node.get_memory_stats": { phases: "RASL", run: (_call, args) => memoryStats(args) },
};

const UNITS = new Map<string, { bytes: number; name: string } | undefined>([
  ["b", undefined],
  ["k", { bytes: 1024, name: "KiB" }],
  ["m", { bytes: 1024 ** 2, name: "MiB" }],
  ["g", { bytes: 1024 ** 3, name: "GiB" }],
]);

// The dictionaries of Kong 3.9 without a database, in bytes.
const SHARED_DICTIONARIES: Readonly<Record<string, { capacity: number; allocated: number }>> = {
  kong: { capacity: 5_242_880, allocated: 40_960 },
  kong_locks: { capacity: 8_388_608, allocated: 61_440 },
  kong_healthchecks: { capacity: 5_242_880, allocated: 40_960 },
  kong_cluster_events: { capacity: 5_242_880, allocated: 40_960 },
  kong_rate_limiting_counters: { capacity: 12_582_912, allocated: 86_016 },
  kong_core_db_cache: { capacity: 134_217_728, allocated: 802_816 },
  kong_core_db_cache_miss: { capacity: 12_582_912, allocated: 86_016 },
  kong_db_cache: { capacity: 134_217_728, allocated: 798_720 },
  kong_db_cache_miss: { capacity: 12_582_912, allocated: 86_016 },
  kong_secrets: { capacity: 5_242_880, allocated: 40_960 },
};

function memoryStats(args: PdkArguments): unknown {
  const [unit = "b", scale = 2] = args;
  if (!isText(unit) || typeof unit !== "string" || !UNITS.has(unit.toLowerCase())) {
    throw new RefusedCall("unit must be one of: b, k, m, g");
  }
  if (typeof scale !== "number" || scale < 0) throw new RefusedCall("scale must be equal or greater than 0");
  const inUnit = (bytes: number): number | string => formatBytes(bytes, unit.toLowerCase(), scale);
  const dictionaries = Object.entries(SHARED_DICTIONARIES).map(([name, { capacity, allocated }]) => [
    name,
    { capacity: inUnit(capacity), allocated_slabs: inUnit(allocated) },
  ]);
  return {
    workers_lua_vms: [{ pid: process.pid, http_allocated_gc: inUnit(process.memoryUsage().heapUsed) }],
    lua_shared_dicts: Object.fromEntries(dictionaries) as unknown,
  };
}

function formatBytes(bytes: number, unit: string, scale: number): number | string {
  const known = UNITS.get(unit);
  return known === undefined ? bytes : `${(bytes / known.bytes).toFixed(Math.floor(scale))} ${known.name}`;
}

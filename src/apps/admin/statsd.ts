// Sends counts and times of calls to StatsD over UDP, under the names that a Tyk gateway gives to what its own plugins do.
import { createSocket, type Socket } from "node:dgram";
import type { Logger } from "pino";
import {
  BUCKETS,
  type FunctionFigures,
  type Histogram,
  histogramSince,
  NO_DURATIONS,
  type Telemetry,
  upperBound,
} from "../../core/telemetry/index.js";
import type { StatsdAddress } from "./addresses.js";

/** Milliseconds between two sends. */
const INTERVAL = 1000;
/** Bytes that fit into one packet of an Ethernet. */
const MAX_PACKET = 1432;
const NANOSECONDS = 1e9;

/**
 * `TsPluginMiddleware:PLUGIN:FUNCTION`. A colon ends a name in StatsD, so that a `$` stands in its place, as in what gateways send.
 */
const nameOf = ({ plugin, function: name }: FunctionFigures): string =>
  ["TsPluginMiddleware", plugin, name].map((part) => part.replaceAll(/[^A-Za-z0-9_.]/g, "$")).join("$");

export class StatsdSender {
  readonly #address: StatsdAddress;
  readonly #telemetry: Telemetry;
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  #sent = new Map<string, FunctionFigures>();

  constructor(address: StatsdAddress, telemetry: Telemetry, logger: Logger) {
    this.#address = address;
    this.#telemetry = telemetry;
    this.#socket = createSocket(address.host.includes(":") ? "udp6" : "udp4").unref();
    this.#socket.on("error", (error) => logger.warn(`-statsd ${address.host}:${address.port}: ${error.message}`));
    this.#timer = setInterval(() => this.#send(), INTERVAL).unref();
  }

  /** Sends what has come since the last time. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#send());
    this.#socket.close();
  }

  #send(): Promise<void>[] {
    const lines: string[] = [];
    for (const figures of this.#telemetry.snapshot().functions) {
      const key = `${figures.gateway} ${figures.plugin} ${figures.function}`;
      lines.push(...linesOf(figures, this.#sent.get(key)));
      this.#sent.set(key, figures);
    }
    return packetsOf(lines).map((packet) => this.#sendPacket(packet));
  }

  /** What cannot be sent is lost, as anything may be in StatsD. */
  #sendPacket(packet: string): Promise<void> {
    const { host, port } = this.#address;
    return new Promise((resolve) => this.#socket.send(packet, port, host, () => resolve()));
  }
}

function linesOf(figures: FunctionFigures, before: FunctionFigures | undefined): string[] {
  const name = nameOf(figures);
  const calls = figures.calls - (before?.calls ?? 0);
  if (calls <= 0) return [];
  const failed = (all: FunctionFigures | undefined): number =>
    Object.values(all?.failures ?? {}).reduce((sum, count) => sum + count, 0);
  const failures = failed(figures) - failed(before);
  return [
    `${name}:${calls}|c`,
    ...(failures > 0 ? [`${name}.error:${failures}|c`] : []),
    ...timesOf(`${name}.exec_time`, histogramSince(figures.handler, before?.handler ?? NO_DURATIONS)),
  ];
}

/** One time in nanoseconds for all calls of a bucket: the rate says how many they are. */
function timesOf(name: string, { buckets }: Histogram): string[] {
  const lines: string[] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const count = buckets[bucket] ?? 0;
    if (count === 0) continue;
    const upper = upperBound(Math.min(bucket, BUCKETS - 2));
    const middle = bucket === 0 ? upper : Math.sqrt(upper * upperBound(bucket - 1 < BUCKETS - 1 ? bucket - 1 : bucket));
    lines.push(`${name}:${Math.round(middle * NANOSECONDS)}|ms${count === 1 ? "" : `|@${1 / count}`}`);
  }
  return lines;
}

function packetsOf(lines: readonly string[]): string[] {
  const packets: string[] = [];
  for (const line of lines) {
    const last = packets.at(-1);
    if (last !== undefined && last.length + 1 + line.length <= MAX_PACKET) packets[packets.length - 1] = `${last}\n${line}`;
    else packets.push(line);
  }
  return packets;
}

// Owns replaying a transcript against a server: the gateway's messages as recorded, the server's compared.
import { encodeExact, isRecord, normalise, spanOf, WireClient } from "../support/index.js";
import type { Exact } from "../support/index.js";
import type { RecordedLine, RecordedMessage, Recording } from "./recording.js";
import { exitInstead, isRefusedHere, stepsAfterErrors, unansweredCalls } from "./refused-here.js";
import { readScripts } from "./script.js";
import type { InstanceNames } from "./script.js";
import type { ScriptedServer } from "./scripted-server.js";

export interface ReplayResult {
  /** How many messages of the server were compared. */
  readonly compared: number;
  /** The server's messages that are not what the recording has, with the line of the file. */
  readonly differences: readonly string[];
}

const FORGETS = /^the server forgets its instances/;
const RESTARTS = /^the server restarts|sends no serverPid/;

/** Puts a message of the gateway on the wire; may cut it up. */
export type Send = (client: WireClient, bytes: Buffer) => Promise<void> | void;

const sendWhole: Send = (client, bytes) => client.write(bytes);

export async function replay(recording: Recording, server: ScriptedServer, send = sendWhole): Promise<ReplayResult> {
  const player = new Player(server, send);
  try {
    await player.play(recording.lines);
    return player.result();
  } finally {
    player.close();
  }
}

class Player {
  readonly #server: ScriptedServer;
  readonly #send: Send;
  readonly #clients = new Map<number, WireClient>();
  /** Recorded id → ours. */
  readonly #instances = new Map<number, number>();
  readonly #events = new Map<number, number>();
  readonly #names: InstanceNames = new Map();
  readonly #differences: string[] = [];
  /** Messages of the server that ask for a call which the gateway never answered. */
  readonly #unanswered = new Set<RecordedMessage>();
  #afterErrors: ReadonlyMap<RecordedMessage, readonly Exact[]> = new Map();
  /** Recorded ids of the events that ended here with a refusal. */
  readonly #refused = new Set<unknown>();
  #compared = 0;

  constructor(server: ScriptedServer, send: Send) {
    this.#server = server;
    this.#send = send;
  }

  async play(lines: readonly RecordedLine[]): Promise<void> {
    this.#loadScripts(lines);
    for (const message of unansweredCalls(lines)) this.#unanswered.add(message);
    this.#afterErrors = stepsAfterErrors(lines);
    for (const [index, line] of lines.entries()) {
      if (line.kind === "note") await this.#obey(line.note, lines.slice(index + 1));
      if (line.kind === "open") this.#clients.set(line.conn, await WireClient.connect(this.#server.socketPath));
      if (line.kind === "close") await this.#clients.get(line.conn)?.close();
      if (line.kind !== "msg") continue;
      if (line.fromGateway) await this.#send(this.#client(line.conn), this.#substituted(line));
      else await this.#compare(line, index);
    }
  }

  result(): ReplayResult {
    return { compared: this.#compared, differences: this.#differences };
  }

  close(): void {
    for (const client of this.#clients.values()) client.destroy();
  }

  /** Scripts reach to the next restart only: a new process starts to count its events anew. */
  #loadScripts(lines: readonly RecordedLine[]): void {
    const end = lines.findIndex((line) => line.kind === "note" && RESTARTS.test(line.note));
    this.#server.load(readScripts(end < 0 ? lines : lines.slice(0, end), this.#names));
  }

  /** The recording's server acted these; here they happen. */
  async #obey(note: string, rest: readonly RecordedLine[]): Promise<void> {
    if (FORGETS.test(note)) {
      const control = await WireClient.connect(this.#server.socketPath);
      for (const id of this.#instances.values()) await control.request("plugin.CloseInstance", id);
      await control.close();
    }
    if (RESTARTS.test(note)) {
      await this.#server.restart();
      this.#loadScripts(rest);
    }
  }

  #client(conn: number): WireClient {
    const client = this.#clients.get(conn);
    if (client === undefined) throw new Error(`the recording never opened connection ${conn}`);
    return client;
  }

  /** The recorded bytes with the ids this server chose. */
  #substituted(line: RecordedMessage): Buffer {
    const bytes = line.bytes ?? encodeExact(line.json);
    const argument = Array.isArray(line.json[3]) ? line.json[3][0] : undefined;
    if (typeof argument === "number") return patch(bytes, [3, 0], this.#instances.get(argument) ?? argument);
    if (!isRecord(argument)) return bytes;
    if (typeof argument["InstanceId"] === "number") {
      return patch(bytes, [3, 0, "InstanceId"], this.#instances.get(argument["InstanceId"]) ?? argument["InstanceId"]);
    }
    if (typeof argument["EventId"] !== "number") return bytes;
    return patch(bytes, [3, 0, "EventId"], this.#events.get(argument["EventId"]) ?? argument["EventId"]);
  }

  async #compare(line: RecordedMessage, index: number): Promise<void> {
    // The notification was awaited when the connection was opened.
    if (line.json[0] === 2) return;
    const { exact } = await this.#client(line.conn).nextMessage();
    this.#compared += 1;
    this.#learn(line.json, exact);
    if (this.#refused.has(eventOf(line))) return;
    // What the gateway would refuse is not sent to it; the event fails instead, and is over as soon as it is.
    if (this.#unanswered.has(line) && isRefusedHere(line.json, exact)) {
      this.#refused.add(eventOf(line));
      return;
    }
    const recorded = JSON.stringify(sorted(normalise(comparable(this.#expected(line)))));
    const got = JSON.stringify(sorted(normalise(comparable(this.#inRecordedIds(exact)))));
    // The first line of the file is the meta line.
    if (recorded !== got) this.#differences.push(`line ${index + 2}: got ${got} instead of ${recorded}`);
  }

  #expected(line: RecordedMessage): Exact {
    const [type, id, error, result] = line.json;
    const args = this.#afterErrors.get(line);
    if (args === undefined || !isRecord(result)) return line.json;
    return [type ?? null, id ?? null, error ?? null, { ...result, Data: exitInstead(args) }];
  }

  #learn(recorded: Exact[], got: Exact): void {
    const [, , , ours] = Array.isArray(got) ? got : [];
    const [, , , theirs] = recorded;
    if (!isRecord(ours) || !isRecord(theirs)) return;
    if (typeof theirs["Id"] === "number" && !this.#instances.has(theirs["Id"])) {
      this.#instances.set(theirs["Id"], Number(ours["Id"]));
    }
    if (typeof theirs["EventId"] === "number" && !this.#events.has(theirs["EventId"])) {
      this.#events.set(theirs["EventId"], Number(ours["EventId"]));
    }
  }

  #inRecordedIds(message: Exact): Exact {
    if (!Array.isArray(message)) return message;
    const [type, id, error, result] = message;
    const theirs = (map: Map<number, number>, value: unknown): Exact =>
      [...map].findLast(([, ours]) => ours === value)?.[0] ?? `unknown: ${JSON.stringify(value)}`;
    const text = typeof error === "string" ? /^No plugin instance (\d+)$/.exec(error) : null;
    const renamed =
      text === null ? (error ?? null) : `No plugin instance ${JSON.stringify(theirs(this.#instances, Number(text[1])))}`;
    if (!isRecord(result)) return [type ?? null, id ?? null, renamed, result ?? null];
    const copy = { ...result };
    if ("Id" in copy) copy["Id"] = theirs(this.#instances, copy["Id"]);
    if ("EventId" in copy) copy["EventId"] = theirs(this.#events, copy["EventId"]);
    return [type ?? null, id ?? null, renamed, copy];
  }
}

function eventOf({ json }: RecordedMessage): unknown {
  return isRecord(json[3]) ? (json[3]["EventId"] ?? json[3]) : undefined;
}

function patch(bytes: Buffer, path: (string | number)[], id: number): Buffer {
  const [start, end] = spanOf(bytes, path);
  return Buffer.concat([bytes.subarray(0, start), encodeExact(id), bytes.subarray(end)]);
}

/** Leaves out what a server may choose, and writes what toward the gateway is the same in one way. */
function comparable(message: Exact): Exact {
  if (!Array.isArray(message)) return message;
  const [type, id, error, result] = message;
  if (!isRecord(result)) return message;
  const kept = Object.fromEntries(Object.entries(result).filter(([key]) => key !== "Config" && key !== "StartTime"));
  const data = kept["Data"];
  if (isRecord(data) && typeof data["Method"] === "string" && Array.isArray(data["Args"])) {
    kept["Data"] = { ...data, Args: comparableArgs(data["Method"], data["Args"]) };
  }
  return [type ?? null, id ?? null, error ?? null, kept];
}

/**
 * Trailing nils are no arguments. A nil body between status and headers would cut the headers off inside the
 * gateway, so that a server may send an empty one in its place.
 */
export function comparableArgs(method: string, args: readonly Exact[]): Exact[] {
  const end = args.findLastIndex((item) => item !== null) + 1;
  const kept = args.slice(0, end);
  if (/^kong\.response\.(exit|error)$/.test(method) && kept[1] === null) kept[1] = "";
  return kept;
}

/** Map order means nothing. */
export function sorted(value: Exact): Exact {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]): [string, Exact] => [key, sorted(item)])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

// Owns replaying a ProtoBuf:1 transcript: the gateway's frames as recorded, the server's compared byte by byte.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeFields, pdkMessages } from "../../src/gateways/kong/standin/protobuf/messages.js";
import { createTempDir, frame, FrameClient, message, recordedArguments } from "../support/index.js";
import type { ReplayResult } from "./replay.js";
import type { ScriptedEvent, Scripts } from "./script.js";
import type { ScriptedServer } from "./scripted-server.js";
import { fieldsOf, type ProtobufLine, type ProtobufRecording, type RecordedFrame } from "./protobuf-recording.js";
import { varintAt, withInstanceId } from "./protobuf-fields.js";

/** Puts bytes of the gateway on the wire; may cut them up. */
export type SendFrame = (client: FrameClient, bytes: Buffer) => Promise<void> | void;

const sendWhole: SendFrame = (client, bytes) => client.write(bytes);

export async function replayProtobuf(
  recording: ProtobufRecording,
  server: ScriptedServer,
  send = sendWhole,
): Promise<ReplayResult> {
  server.load(readScripts(recording.lines));
  const player = new Player(server, send);
  try {
    for (const [index, line] of recording.lines.entries()) await player.play(line, index);
    return player.result();
  } finally {
    player.close();
  }
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** Per plugin, the calls of each event in the order the events began. */
function readScripts(lines: readonly ProtobufLine[]): Scripts {
  const scripts: Scripts = new Map();
  const names = new Map<number, string>();
  const started = new Map<number, string>();
  const running = new Map<number, ScriptedEvent>();
  let method = "";
  for (const line of lines) {
    if (line.kind !== "frame") continue;
    const fields = fieldsOf(line.json);
    if (line.what === "RpcCall" && fields["cmd_start_instance"] !== undefined)
      started.set(line.conn, textOf(fieldsOf(fields["cmd_start_instance"])["name"]));
    if (line.what === "RpcReturn" && fields["instance_status"] !== undefined)
      names.set(Number(fieldsOf(fields["instance_status"])["instance_id"]), started.get(line.conn) ?? "");
    if (line.what === "RpcCall" && fields["cmd_handle_event"] !== undefined) {
      const name = names.get(Number(fieldsOf(fields["cmd_handle_event"])["instance_id"])) ?? "";
      const event: ScriptedEvent = { calls: [] };
      running.set(line.conn, event);
      scripts.set(name, [...(scripts.get(name) ?? []), event]);
    }
    if (line.what === "method") method = textOf(line.json);
    if (line.what === "arguments") running.get(line.conn)?.calls.push({ method, args: recordedArguments(method, line.json) });
  }
  return scripts;
}

class Player {
  readonly #server: ScriptedServer;
  readonly #send: SendFrame;
  readonly #clients = new Map<number, FrameClient>();
  /** Recorded id → ours. */
  readonly #instances = new Map<number, number>();
  readonly #differences: string[] = [];
  readonly #files = createTempDir("body");
  #compared = 0;
  #method = "";

  constructor(server: ScriptedServer, send: SendFrame) {
    this.#server = server;
    this.#send = send;
  }

  async play(line: ProtobufLine, index: number): Promise<void> {
    if (line.kind === "open") this.#clients.set(line.conn, await FrameClient.connect(this.#server.socketPath));
    if (line.kind === "close") this.#clients.get(line.conn)?.destroy();
    if (line.kind !== "frame") return;
    const client = this.#clients.get(line.conn);
    if (client === undefined) throw new Error(`the recording never opened connection ${line.conn}`);
    if (line.fromGateway) await this.#send(client, frame(this.#substituted(line)));
    else this.#compare(line, await this.#nextFrame(client, line), index);
  }

  /** The server asks recorded gateways whether they are old before it makes calls that old ones lack. */
  async #nextFrame(client: FrameClient, { what, json }: RecordedFrame): Promise<Buffer> {
    const got = await client.frame();
    if (what !== "method" || got.toString() !== "kong.ip.is_trusted" || textOf(json) === "kong.ip.is_trusted") return got;
    await client.frame();
    // Whether it was recorded from an old one or not: what it was asked is compared.
    await this.#send(client, frame(Buffer.from([0x08, 0x00])));
    return client.frame();
  }

  result(): ReplayResult {
    return { compared: this.#compared, differences: this.#differences };
  }

  close(): void {
    for (const client of this.#clients.values()) client.destroy();
    this.#files.remove();
  }

  #substituted({ what, json, bytes }: RecordedFrame): Buffer {
    const fields = fieldsOf(json);
    if (what === "result" && fields["body_filepath"] !== undefined) {
      const path = join(this.#files.path, "body");
      writeFileSync(path, "a large body");
      return message("RawBodyResult", { kind: { case: "bodyFilepath", value: Buffer.from(path) } });
    }
    if (bytes === undefined) throw new Error("a frame of the gateway without its bytes");
    if (what !== "RpcCall") return bytes;
    const command = fieldsOf(fields["cmd_handle_event"] ?? fields["cmd_close_instance"] ?? fields["cmd_get_instance_status"]);
    const id = command["instance_id"];
    return typeof id === "number" ? withInstanceId(bytes, this.#instances.get(id) ?? id) : bytes;
  }

  #compare(line: RecordedFrame, got: Buffer, index: number): void {
    this.#compared += 1;
    if (line.what === "method") {
      this.#method = textOf(line.json);
      // What the gateway would refuse is not sent to it: the event fails instead.
      if (got.toString() === "kong.log.err" && this.#method !== "kong.log.err") return;
    }
    if (line.what === "arguments" && isRefusalOf(this.#method, got.toString("latin1"))) return;
    const status = fieldsOf(fieldsOf(line.json)["instance_status"]);
    if (line.what === "RpcReturn" && status["instance_id"] !== undefined) {
      const ours = varintAt(got, [33, 2]);
      if (ours === undefined) this.#differ(line, got, index);
      else this.#instances.set(Number(status["instance_id"]), ours);
      return;
    }
    if (line.bytes?.equals(got) === true) return;
    // The order of a map's entries is anybody's choice.
    if (
      line.what === "arguments" &&
      line.bytes !== undefined &&
      sortedText(this.#method, line.bytes) === sortedText(this.#method, got)
    )
      return;
    this.#differ(line, got, index);
  }

  #differ(line: RecordedFrame, got: Buffer, index: number): void {
    // The first line of the file is the meta line.
    this.#differences.push(
      `line ${index + 2}, ${line.what}: got ${got.toString("hex")} instead of ${line.bytes?.toString("hex") ?? "?"}`,
    );
  }
}

const isRefusalOf = (method: string, text: string): boolean =>
  [" cannot be called here: ", " got a wrong argument: ", " cannot be called in ProtoBuf:1"].some((why) =>
    text.includes(`${method}${why}`),
  );

function sortedText(method: string, bytes: Buffer): string {
  const messages = pdkMessages.get(method);
  return messages === undefined ? bytes.toString("hex") : JSON.stringify(sorted(decodeFields(messages.input, bytes)));
}

/** Entries by what they are, whatever their order. */
function sorted(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map((item) => JSON.stringify(sorted(item))).sort();
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sorted(item)]));
}

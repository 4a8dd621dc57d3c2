// Owns a gateway of ProtoBuf:1 for the tests that run over both protocols: what a WireClient does, over a pool of connections.
import { GatewayError, ProtobufClient } from "../../src/gateways/kong/standin/index.js";
import { ByteText, bytesOf } from "../../src/gateways/kong/pdk-functions/index.js";
import { isRecord } from "./is-record.js";
import { GatewayAnswer, type PdkCall, type PhaseOptions, type PhaseRun } from "./phase-run.js";
import { type Reply, WireClient } from "./wire-client.js";

/** What runs phases in a test, in either protocol. */
export type Peer = WireClient | ProtobufPeer;

export const PROTOCOLS = ["MsgPack:1", "ProtoBuf:1"] as const;
export type TestProtocol = (typeof PROTOCOLS)[number];

export function connectPeer(protocol: TestProtocol, socketPath: string): Promise<Peer> {
  return protocol === "MsgPack:1" ? WireClient.connect(socketPath) : Promise.resolve(new ProtobufPeer(socketPath));
}

class Refused extends Error {}

export class ProtobufPeer {
  readonly #client: ProtobufClient;
  /** For what the protocol lacks, such as GetStatus. */
  readonly #control: Promise<WireClient>;

  constructor(socketPath: string) {
    this.#client = new ProtobufClient({ socketPath, timeoutMs: 20_000 });
    this.#control = WireClient.connect(socketPath);
    this.#control.catch(() => {});
  }

  async call(method: string, argument: unknown): Promise<unknown> {
    if (method !== "plugin.StartInstance") return (await this.#control).call(method, argument);
    const { Name: name, Config: config } = isRecord(argument) ? argument : {};
    const bytes = Buffer.isBuffer(config) ? config : Buffer.from(String(config));
    const { result, fields } = await this.#client.command("cmdStartInstance", { name, config: bytes });
    if (result !== "instanceStatus") throw new Error(`StartInstance was answered with ${String(result)}`);
    return { Name: fields["name"], Id: fields["instanceId"] };
  }

  /** What only MsgPack:1 can say. */
  async request(method: string, argument: unknown): Promise<Reply> {
    return (await this.#control).request(method, argument);
  }

  async runPhase(instanceId: unknown, phase: string, options: PhaseOptions): Promise<PhaseRun> {
    const calls: PdkCall[] = [];
    const run = { calls, eventId: undefined };
    try {
      const end = await this.#client.handleEvent(Number(instanceId), phase, (method, args) => {
        const call = { method, args: plainArguments(method, args) };
        // The server asks it for itself, to tell old gateways from new ones.
        if (method === "kong.ip.is_trusted" && call.args[0] === "none") return Promise.resolve({ kind: "step", data: false });
        calls.push(call);
        if (method === "kong.response.exit") return Promise.resolve({ kind: "ended" });
        const data = options.answer?.(method, call.args);
        if (data instanceof GatewayAnswer && data.kind === "refused") return Promise.reject(new Refused());
        // Every gateway trusts nobody where nobody is named.
        const otherwise = method === "kong.ip.is_trusted" ? false : undefined;
        return Promise.resolve({ kind: "step", data: data instanceof GatewayAnswer ? undefined : (data ?? otherwise) });
      });
      return { ...run, end: end === "ended" ? "exit" : "ret" };
    } catch (error) {
      if (error instanceof Refused) return { ...run, end: "refused" };
      if (error instanceof GatewayError) return { ...run, end: "error", error: error.message };
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#client.close();
    await (await this.#control).close();
  }
}

/** As MsgPack:1 has them: bytes that are no text as such, and an object in place of the JSON that an exit sends of it. */
function plainArguments(method: string, args: readonly unknown[]): unknown[] {
  const plain = args.map((arg) => (arg instanceof ByteText ? bytesOf(arg) : arg));
  const [status, body, headers] = plain;
  if (method !== "kong.response.exit" || !isRecord(headers)) return plain;
  const { "Content-Type": type, ...others } = headers;
  if (typeof body !== "string" || type !== "application/json; charset=utf-8") return plain;
  return [status, JSON.parse(body) as unknown, ...(Object.keys(others).length === 0 ? [] : [others])];
}

// A third gateway, which proves the seam: JSON lines over a socket, {"plugin","function","payload"} → {"result"} or {"error"}.
import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import type { Call } from "../../../src/core/calls/index.js";
import type { ErrorInfo } from "../../../src/core/model/index.js";
import type { ListeningSocket } from "../../../src/core/net/index.js";
import type { CallRunner, Engine, EngineOptions } from "../../../src/core/server/index.js";
import { core } from "./core-from-dist.js";

type Reply = (answer: { readonly result: unknown } | { readonly error: string }) => void;

class LineCall implements Call {
  readonly id: number;
  readonly timeout: number;
  readonly beganAt = performance.now();
  readonly deadline: number;
  readonly bindingId: number;
  readonly functionName: string;
  counters: Call["counters"] = undefined;
  failure: Call["failure"] = undefined;
  readonly #engine: Engine<LineCall>;
  readonly #runner: CallRunner;
  readonly #reply: Reply;

  constructor(engine: Engine<LineCall>, runner: CallRunner, place: Pick<Call, "bindingId" | "functionName">, reply: Reply) {
    this.bindingId = place.bindingId;
    this.functionName = place.functionName;
    this.id = engine.calls.nextId();
    this.timeout = runner.timeout;
    this.deadline = this.beganAt + runner.timeout;
    this.#engine = engine;
    this.#runner = runner;
    this.#reply = reply;
  }

  get plugin(): string {
    return this.#runner.plugin;
  }

  asked(): void {
    this.cancel("functions of this gateway ask nothing");
  }

  done(result?: Buffer): void {
    this.#over({ result: JSON.parse(result?.toString() ?? "null") as unknown });
  }

  failed({ message }: ErrorInfo): void {
    this.#over({ error: message });
  }

  overdue(): void {
    this.cancel("it took too long", true);
    this.#over({ error: "it took too long" });
  }

  isAlive(): boolean {
    return true;
  }

  cancel(reason: string, isOverdue = false): void {
    this.#runner.host.cancel(this.id, reason, isOverdue);
    this.#engine.calls.delete(this);
  }

  #over(answer: Parameters<Reply>[0]): void {
    this.#engine.calls.delete(this);
    this.#reply(answer);
  }
}

export class LineGateway {
  readonly #engine: Engine<LineCall>;
  readonly #bindings = new Map<string, Promise<number>>();
  readonly #sockets = new Set<Socket>();
  #listening: ListeningSocket | undefined;

  constructor(options: EngineOptions) {
    this.#engine = new core.Engine<LineCall>(options);
  }

  get callCount(): number {
    return this.#engine.calls.size;
  }

  async start(path: string): Promise<void> {
    this.#listening = await core.UnixSocket.listen({
      path,
      mode: 0o600,
      onConnection: (socket) => this.#serve(socket),
      onError: () => {},
    });
    await this.#engine.load();
  }

  reload(): void {
    this.#engine.reload().catch(() => {});
  }

  /** Clients are told to leave, which they do when they have their answers: what they sent before they heard of it is called, too. */
  async close(): Promise<void> {
    await this.#listening?.close();
    const left = [...this.#sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const socket of this.#sockets) socket.write("{}\n");
    await Promise.race([Promise.all(left), setTimeout(10_000, undefined, { ref: false })]);
    for (const socket of this.#sockets) socket.destroy();
    await this.#engine.close();
  }

  #serve(socket: Socket): void {
    const calls = new Set<LineCall>();
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#sockets.delete(socket);
      for (const call of calls) call.cancel("its client has left");
    });
    const lines = createInterface({ input: socket });
    lines.on("error", () => socket.destroy());
    lines.on("line", (line) => {
      const { id, plugin, function: name, payload } = JSON.parse(line) as Record<string, unknown>;
      const reply: Reply = (answer) => void socket.write(`${JSON.stringify({ id, ...answer })}\n`);
      this.#call(String(plugin), String(name), payload, reply).then(
        (call) => calls.add(call),
        (error: unknown) => reply({ error: String(error) }),
      );
    });
  }

  async #call(plugin: string, functionName: string, payload: unknown, reply: Reply): Promise<LineCall> {
    let bound = this.#bindings.get(plugin);
    if (bound === undefined) this.#bindings.set(plugin, (bound = this.#engine.bind(plugin, "{}").then(({ id }) => id)));
    const bindingId = await bound;
    const runner = this.#engine.runnerOf(bindingId);
    if (runner === undefined) throw new Error(`plugin ${plugin} is not bound any more`);
    const call = new LineCall(this.#engine, runner, { bindingId, functionName }, reply);
    this.#engine.start(call, runner, { bindingId, functionName, payload: Buffer.from(JSON.stringify(payload ?? null)) });
    return call;
  }
}

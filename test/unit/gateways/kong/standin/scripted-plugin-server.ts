// A plugin server whose plugins are written in the test: speaks MsgPack:1 with msgpack5 over a real Unix socket.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import msgpack5 from "msgpack5";

/** Makes a PDK call and resolves with the Step that answers it; stays pending where the gateway sends none. */
export type Kong = (method: string, ...args: unknown[]) => Promise<{ step: string; data: unknown }>;
export type Handler = (kong: Kong, instance: { id: number; name: string; config: Record<string, unknown> }) => unknown;

export interface ScriptedPlugin {
  readonly priority?: number;
  readonly fields?: readonly Record<string, unknown>[];
  readonly rewrite?: Handler;
  readonly access?: Handler;
  readonly response?: Handler;
  readonly log?: Handler;
}

export interface Received {
  readonly method: string;
  readonly argument: Record<string, unknown> | number;
}

/** Looks at a request first; true when it has dealt with it. */
export type Interceptor = (message: { id: number; method: string; argument: unknown }, socket: Socket) => boolean;

export class ScriptedPluginServer {
  readonly socketPath: string;
  readonly received: Received[] = [];
  readonly sockets = new Set<Socket>();
  intercept: Interceptor = () => false;
  pid = 4242;
  sendsPid = true;
  connectionsOpened = 0;
  readonly #folder = mkdtempSync(join(tmpdir(), "scripted-"));
  readonly #plugins: Readonly<Record<string, ScriptedPlugin>>;
  readonly #codec = msgpack5();
  readonly #instances = new Map<number, { id: number; name: string; config: Record<string, unknown> }>();
  readonly #events = new Map<number, ScriptedEvent>();
  readonly #server = createServer((socket) => this.#accept(socket));
  #lastId = 100;

  private constructor(plugins: Readonly<Record<string, ScriptedPlugin>>) {
    this.#plugins = plugins;
    this.socketPath = join(this.#folder, "plugins.sock");
  }

  static async start(plugins: Readonly<Record<string, ScriptedPlugin>>): Promise<ScriptedPluginServer> {
    const server = new ScriptedPluginServer(plugins);
    await server.listen();
    return server;
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(this.socketPath, resolve));
  }

  /** What `-dump-all-plugins` would print. */
  get pluginInfos(): unknown[] {
    return Object.entries(this.#plugins).map(([name, plugin]) => ({
      Name: name,
      Phases: ["rewrite", "access", "response", "log"].filter((phase) => phase in plugin),
      Version: "1.0.0",
      Priority: plugin.priority ?? 0,
      Schema: { name, fields: [{ config: { type: "record", fields: plugin.fields ?? [] } }] },
    }));
  }

  get instanceIds(): number[] {
    return [...this.#instances.keys()];
  }

  forgetInstances(): void {
    this.#instances.clear();
  }

  receivedMethods(): string[] {
    return this.received.map(({ method }) => method.replace("plugin.", ""));
  }

  reply(socket: Socket, id: number, error: unknown, result: unknown): void {
    socket.write(this.#codec.encode([1, id, error, result]).slice());
  }

  /** As a crash does: connections close, the next process has another id and no instances. */
  async restart(): Promise<void> {
    await this.stop();
    this.pid += 1;
    this.forgetInstances();
    await this.listen();
  }

  stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    return closed;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #accept(socket: Socket): void {
    this.sockets.add(socket);
    this.connectionsOpened += 1;
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("error", () => undefined);
    if (this.sendsPid) socket.write(this.#codec.encode([2, "serverPid", this.pid]).slice());
    const decoder = this.#codec.decoder();
    decoder.on("data", (message: unknown) => this.#onMessage(message, socket));
    socket.pipe(decoder);
  }

  #onMessage(message: unknown, socket: Socket): void {
    if (!Array.isArray(message)) throw new Error("a request is an array");
    const [, id, method, args] = message as [number, number, string, [Record<string, unknown> | number]];
    const [argument] = args;
    this.received.push({ method, argument });
    if (this.intercept({ id, method, argument }, socket)) return;
    const answer = (result: unknown): void => this.reply(socket, id, null, result);
    if (method === "plugin.StartInstance") answer(this.#startInstance(argument as { Name: string; Config: string }));
    else if (method === "plugin.CloseInstance") answer(this.#closeInstance(argument as number));
    else if (method === "plugin.HandleEvent")
      this.#handleEvent(argument as { InstanceId: number; EventName: string }, id, socket);
    else this.#step(method, argument as { EventId: number; Data?: unknown }, answer);
  }

  #startInstance({ Name, Config }: { Name: string; Config: string }): unknown {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#instances.set(id, { id, name: Name, config: JSON.parse(Config) as Record<string, unknown> });
    return { Name, Id: id, Config: null, StartTime: 1_700_000_000 };
  }

  #closeInstance(id: number): unknown {
    const instance = this.#instances.get(id);
    this.#instances.delete(id);
    return { Name: instance?.name, Id: id, Config: null, StartTime: 1_700_000_000 };
  }

  #handleEvent(argument: { InstanceId: number; EventName: string }, id: number, socket: Socket): void {
    const instance = this.#instances.get(argument.InstanceId);
    if (instance === undefined) {
      this.reply(socket, id, `No plugin instance ${argument.InstanceId}`, null);
      return;
    }
    this.#lastId += 1;
    const event = new ScriptedEvent(this.#lastId, (result) => this.reply(socket, id, null, result));
    this.#events.set(event.id, event);
    const handler = this.#plugins[instance.name]?.[argument.EventName as "access"];
    void event.run(handler ?? (() => undefined), instance);
  }

  #step(method: string, argument: { EventId: number; Data?: unknown }, answer: (result: unknown) => void): void {
    this.#events.get(argument.EventId)?.step(method.replace("plugin.", ""), argument.Data, answer);
  }
}

class ScriptedEvent {
  readonly id: number;
  #answer: (result: unknown) => void;
  #onStep: (step: { step: string; data: unknown }) => void = () => undefined;

  constructor(id: number, answer: (result: unknown) => void) {
    this.id = id;
    this.#answer = answer;
  }

  async run(handler: Handler, instance: Parameters<Handler>[1]): Promise<void> {
    const kong: Kong = (method, ...args) => {
      const stepped = new Promise<{ step: string; data: unknown }>((resolve) => (this.#onStep = resolve));
      this.#answer({ EventId: this.id, Data: { Method: `kong.${method}`, Args: args } });
      return stepped;
    };
    await handler(kong, instance);
    this.#answer({ EventId: this.id, Data: "ret" });
  }

  step(step: string, data: unknown, answer: (result: unknown) => void): void {
    this.#answer = answer;
    this.#onStep({ step, data });
  }
}

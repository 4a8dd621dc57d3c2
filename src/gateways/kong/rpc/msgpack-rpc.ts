// The MsgPack:1 dialect: maps `plugin.*` requests onto the service and the events, and answers each exactly once.
import { isOwnError } from "../../../core/model/index.js";
import type { Connection } from "./connection.js";
import {
  decodeValue,
  encodeCall,
  encodeErrorReply,
  encodeNotification,
  encodeReply,
  type MessageId,
  type MsgpackDecoder,
  PHASE_OVER,
  readRequest,
  type WireRequest,
} from "../msgpack/index.js";
import { sendEventReply } from "./event-reply.js";
import { noInstance, RpcError } from "./errors.js";
import type { EventDialect, EventReply } from "./events/gateway-event.js";
import type { EventTable, StepTarget } from "./events/event-table.js";
import type { PluginService } from "./plugin-service.js";

const DIALECT: EventDialect = {
  protocol: "MsgPack:1",
  streams: false,
  phaseOver: PHASE_OVER,
  encodeCall,
  decodeResult: (_method, data) => decodeValue(data),
};

// 2.x gateways name the type of a step's value in its method; only StepError means anything else.
const STEP_METHODS = [
  "Step",
  "StepCredential",
  "StepRoute",
  "StepService",
  "StepConsumer",
  "StepMemoryStats",
  "StepMultiMap",
] as const;

/** Answers a step, whichever connection it came on. @throws {RpcError} where its event waits for none. */
export type TakeStep = (eventId: number, failed: boolean, data: Buffer | undefined, reply: EventReply) => void;

/** A step for an event that this server does not know. One of the three is called, once. */
export interface PassedStep {
  readonly eventId: number;
  readonly failed: boolean;
  readonly data: Buffer | undefined;
  readonly reply: EventReply;
  readonly onRefused: (reason: string) => void;
  /** The server whose event it was is gone. */
  readonly onLost: () => void;
}

type Answer = (messageId: MessageId, connection: Connection, argument: MsgpackDecoder) => void;

export interface MsgpackRpcOptions {
  readonly service: PluginService;
  readonly events: EventTable;
  /** An event this server knows nothing of, or gave up: what the gateway is told, so that it does not fail open. */
  readonly unknownEventCall: { readonly method: string; readonly args: readonly unknown[] } | undefined;
  /** Passes a step on to the server that has its event; false where none has. */
  readonly pass?: ((step: PassedStep) => boolean) | undefined;
  /** A step came for an event that nobody knows. */
  readonly onUnknownEvent?: (eventId: number) => void;
  /** Another server has the path, and passes on the steps of events that run here. */
  readonly onSuccessor?: (connection: Connection) => void;
  /** A method failed for another reason than its arguments: the server's own fault. */
  readonly onInternalError: (method: string, error: Error) => void;
}

export class MsgpackRpc {
  readonly #options: MsgpackRpcOptions;
  readonly #methods: ReadonlyMap<string, Answer>;

  constructor(options: MsgpackRpcOptions) {
    this.#options = options;
    this.#methods = this.#methodTable(options.service);
  }

  /** Says whose connection it is: a gateway knows a restarted server by its process id. */
  introduce(connection: Connection): void {
    connection.send(encodeNotification("serverPid", process.pid));
  }

  onMessage(connection: Connection, message: Buffer): void {
    const request = readRequest(message);
    // A notification wants no answer, and no gateway sends one that asks for anything; a server that took the path over does.
    if (request.messageId === undefined)
      return request.method === "successor" ? this.#options.onSuccessor?.(connection) : undefined;
    this.#dispatch(connection, request, request.messageId);
  }

  #dispatch(connection: Connection, request: WireRequest, messageId: MessageId): void {
    try {
      const answer = this.#methods.get(request.method);
      if (answer === undefined) throw new RpcError("RPC_NO_METHOD", `there is no method ${request.method}`);
      if (request.argumentCount < 1) throw new RpcError("RPC_BAD_ARGUMENT", `${request.method} takes an argument`);
      answer(messageId, connection, request.argument);
    } catch (thrown) {
      this.#fail(request.method, messageId, connection, thrown);
    }
  }

  #fail(method: string, messageId: MessageId, connection: Connection, thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    if (!isOwnError(error)) this.#options.onInternalError(method, error);
    connection.send(encodeErrorReply(messageId, error.message));
  }

  #methodTable(service: PluginService): ReadonlyMap<string, Answer> {
    // Of the argument only what is asked for is decoded: anybody may send any.
    const result = <Argument>(
      method: string,
      read: (argument: MsgpackDecoder) => Argument,
      run: (argument: Argument) => unknown,
    ): [string, Answer] => [
      `plugin.${method}`,
      (messageId, connection, argument) => {
        const value = read(argument);
        Promise.resolve()
          .then(() => run(value))
          .then((answer) => connection.send(encodeReply(messageId, answer)))
          .catch((thrown: unknown) => this.#fail(method, messageId, connection, thrown));
      },
    ];
    return new Map([
      result(
        "SetPluginDir",
        (argument) => text(argument.scalar(), "the directory"),
        async (directory) => (await service.setPluginDir(directory), "ok"),
      ),
      result("GetStatus", () => undefined, () => service.status()), // prettier-ignore
      result(
        "GetPluginInfo",
        (argument) => text(argument.scalar(), "the plugin's name"),
        (name) => service.pluginInfo(name),
      ),
      result("StartInstance", readStartInstance, ({ name, config }) => service.startInstance(name, config, "MsgPack:1")),
      result("InstanceStatus", readInstanceId, (id) => service.instanceStatus(id)),
      result("CloseInstance", readInstanceId, (id) => service.closeInstance(id)),
      ["plugin.HandleEvent", (messageId, connection, argument) => this.#handleEvent(messageId, connection, argument)],
      ["plugin.StepError", (messageId, connection, argument) => this.#step(messageId, connection, argument, true)],
      ...STEP_METHODS.map((name): [string, Answer] => [
        `plugin.${name}`,
        (messageId, connection, argument) => this.#step(messageId, connection, argument, false),
      ]),
    ]);
  }

  #handleEvent(messageId: MessageId, connection: Connection, argument: MsgpackDecoder): void {
    const { instanceId, phase } = readHandleEvent(argument);
    const runner = this.#options.service.runnerOf(instanceId);
    if (runner === undefined) throw noInstance(instanceId);
    const event = { instanceId, phase, beganAt: connection.messageBeganAt };
    this.#options.events.start(runner, event, DIALECT, (eventId, data) => sendEventReply(connection, messageId, eventId, data));
  }

  #step(messageId: MessageId, connection: Connection, argument: MsgpackDecoder, failed: boolean): void {
    const { eventId, data } = readStep(argument);
    const target = this.#options.events.find(eventId);
    const reply: EventReply = (id, answer) => sendEventReply(connection, messageId, id, answer);
    if (target !== "unknown" || !this.#pass(messageId, connection, { eventId, failed, data, reply }))
      this.#answerStep(target, eventId, failed, data, reply);
  }

  #pass(messageId: MessageId, connection: Connection, step: Omit<PassedStep, "onRefused" | "onLost">): boolean {
    const { pass } = this.#options;
    if (pass === undefined) return false;
    return pass({
      ...step,
      onRefused: (reason) => connection.send(encodeErrorReply(messageId, reason)),
      onLost: () => step.reply(step.eventId, this.#unknownEventData(step.eventId), true),
    });
  }

  /** Takes a step that came to another server. */
  readonly takeStep: TakeStep = (eventId, failed, data, reply) =>
    this.#answerStep(this.#options.events.find(eventId), eventId, failed, data, reply);

  #answerStep(target: StepTarget, ...[eventId, failed, data, reply]: Parameters<TakeStep>): void {
    // 2.0 has no response.error and steps on after it, although the event is over here.
    if (target === "over") reply(eventId, this.#options.events.exitAfterError(eventId) ?? PHASE_OVER, true);
    else if (target === "unknown") reply(eventId, this.#unknownEventData(eventId), true);
    else if (!target.step(failed, data, reply)) throw new RpcError("RPC_NO_STEP_DUE", `event ${eventId} waits for no step`);
  }

  #unknownEventData(eventId: number): Buffer {
    this.#options.onUnknownEvent?.(eventId);
    const call = this.#options.unknownEventCall;
    return call === undefined ? PHASE_OVER : encodeCall(call.method, call.args);
  }
}

const readInstanceId = (argument: MsgpackDecoder): number => integer(argument.scalar(), "the instance id");

/** Reads `{Name, Config}`. */
function readStartInstance(argument: MsgpackDecoder): { name: string; config: string } {
  const length = argument.mapLength() ?? 0;
  let name: unknown;
  let config: unknown = null;
  for (let i = 0; i < length; i += 1) {
    const key = argument.name();
    if (key === "Name") name = argument.scalar();
    else if (key === "Config") config = argument.scalar();
    else argument.raw();
  }
  return { name: text(name, "Name"), config: text(config === null ? "{}" : config, "Config") };
}

/** Reads `{InstanceId, EventName}`. */
function readHandleEvent(argument: MsgpackDecoder): { instanceId: number; phase: string } {
  const length = argument.mapLength() ?? 0;
  let instanceId: unknown;
  let phase: unknown;
  for (let i = 0; i < length; i += 1) {
    const key = argument.name();
    if (key === "InstanceId") instanceId = argument.scalar();
    else if (key === "EventName") phase = argument.name();
    else argument.raw();
  }
  return { instanceId: integer(instanceId, "InstanceId"), phase: text(phase, "EventName") };
}

/** Reads `{EventId, Data}` and leaves the data encoded: it is decoded where it is used. */
function readStep(argument: MsgpackDecoder): { eventId: number; data: Buffer | undefined } {
  const length = argument.mapLength();
  if (length === undefined) throw new RpcError("RPC_BAD_ARGUMENT", "a step takes a map with EventId and Data");
  let eventId: unknown;
  let data: Buffer | undefined;
  for (let i = 0; i < length; i += 1) {
    const key = argument.name();
    if (key === "EventId") eventId = argument.scalar();
    else if (key === "Data") data = argument.raw();
    else argument.raw();
  }
  return { eventId: integer(eventId, "EventId"), data };
}

function text(value: unknown, what: string): string {
  if (typeof value === "string") return value;
  if (Buffer.isBuffer(value)) return value.toString("utf8");
  throw new RpcError("RPC_BAD_ARGUMENT", `${what} is not a string`);
}

function integer(value: unknown, what: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new RpcError("RPC_BAD_ARGUMENT", `${what} is not an integer`);
}

// Owns what one ProtoBuf:1 connection is in the middle of: a command, an event, or the calls that end one.
import { isOwnError } from "../../../../core/model/index.js";
import {
  assertResultSize,
  decodePdkResult,
  encodePdkCall,
  encodeRpcReturn,
  END_OF_EVENT,
  methodOfPdkCall,
  type RpcCommand,
  OVERSIZED_FRAME,
} from "../../protobuf/index.js";
import type { Connection } from "../connection.js";
import { WireError } from "../../msgpack/index.js";
import type { GatewayEvent, EventDialect, EventReply, FailureCall } from "../events/gateway-event.js";
import type { EventTable } from "../events/event-table.js";
import { FAIL_CLOSED } from "../events/failure-calls.js";
import { isDoubtful, isOldGateway, PROBE, questionBefore, refusalByOldGateway } from "./gateway-lacks.js";
import type { PluginService } from "../plugin-service.js";
import { HINT, LeaveHint } from "./leave-hint.js";
import { answerCommand, readCommand } from "./protobuf-commands.js";

const DIALECT: EventDialect = {
  protocol: "ProtoBuf:1",
  streams: true,
  phaseOver: END_OF_EVENT,
  encodeCall: encodePdkCall,
  decodeResult: decodePdkResult,
};

/** An answer up to this size has few elements in any case. */
const SMALL = 64 * 1024;

/** A gateway has one command under way; more than these waiting is no gateway. */
const MAX_WAITING = 100;

export interface SessionOptions {
  /** Whether clients are to go to another server after the command that is under way. */
  readonly isLeaving: () => boolean;
  readonly service: PluginService;
  readonly events: EventTable;
  /** What a gateway is asked to do with a request whose instance is not here, and that cannot be told to start it again. */
  readonly missingInstanceCalls: (instanceId: number, phase: string) => readonly FailureCall[];
  /** The gateway left while it owed an answer to a call, or while the handler ran. */
  readonly onAbandoned: (event: GatewayEvent, lastCall: string | undefined) => void;
  /** What a PDK function returned is larger than messages may be; the event fails. */
  readonly onOversizedResult: (event: GatewayEvent, call: string) => void;
  /** The gateway lacks what the event calls, and would let the request through; the event fails. */
  readonly onLacking: (instanceId: number, phase: string, reason: string) => void;
  readonly onMissingInstance: (instanceId: number, phase: string, startsAgain: boolean) => void;
  /** A command failed for another reason than its arguments: the server's own fault. */
  readonly onInternalError: (method: string, error: Error) => void;
}

export class ProtobufSession {
  readonly #options: SessionOptions;
  readonly #connection: Connection;
  #state: "idle" | "busy" | "ended" = "idle";
  readonly #leaveHint: LeaveHint;
  #sequence: unknown = 0;
  #instanceId = 0;
  #phase = "";
  #event: GatewayEvent | undefined;
  /** Whether the gateway was told that it is over. */
  #hasReturned = false;
  /** The calls that the gateway has not answered; its next messages are these answers. */
  readonly #unanswered: Buffer[] = [];
  /** Commands that came while another was under way. */
  readonly #waiting: { readonly message: Buffer; readonly beganAt: number }[] = [];
  /** What this server asks for itself, and what it does with the answer. */
  #inquiry: { readonly question: Buffer; readonly onAnswer: (answer: Buffer) => void } | undefined;
  /** What the gateway is told once it is known whether it can do the first of it. */
  #held: { readonly data: Buffer; readonly isLast: boolean }[] | undefined;
  #gateway: "old" | "new" | undefined;

  constructor(connection: Connection, options: SessionOptions) {
    this.#connection = connection;
    this.#leaveHint = new LeaveHint(connection);
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#state === "idle";
  }

  /** Gets the client of an idle connection to leave it. */
  handOver(): void {
    this.#leaveHint.insist();
  }

  /** @throws {WireError} for what no gateway sends. */
  receive(message: Buffer): void {
    if (this.#state === "ended") return;
    const call = this.#unanswered.shift();
    if (call !== undefined) this.#result(call, message);
    else if (this.#state === "idle") this.#command(message, this.#connection.messageBeganAt);
    else if (this.#waiting.length < MAX_WAITING) {
      const kept = message === OVERSIZED_FRAME ? message : Buffer.from(message);
      this.#waiting.push({ message: kept, beganAt: this.#connection.messageBeganAt });
    } else throw new WireError("WIRE_NOT_PROTOBUF", `${MAX_WAITING} commands wait on one connection already`);
  }

  close(): void {
    const event = this.#event;
    this.#state = "ended";
    if (event === undefined) return;
    const [lastCall] = this.#unanswered;
    if (!event.hasReturned || lastCall !== undefined)
      this.#options.onAbandoned(event, lastCall === undefined ? undefined : methodOfPdkCall(lastCall));
    this.#options.events.abandon(event, "the gateway closed the connection");
  }

  #result(call: Buffer, message: Buffer): void {
    const inquiry = this.#inquiry;
    if (call === HINT) return this.#finishIfDone();
    if (inquiry?.question === call) {
      this.#inquiry = undefined;
      inquiry.onAnswer(message);
    } else if (this.#event !== undefined) this.#step(this.#event, call, message);
    this.#finishIfDone();
  }

  #step(event: GatewayEvent, call: Buffer, message: Buffer): void {
    if (message !== OVERSIZED_FRAME) {
      if (message.length > SMALL) assertResultSize(call, message);
      event.step(false, message, this.#reply);
      return;
    }
    this.#options.onOversizedResult(event, methodOfPdkCall(call));
    event.runner.host.cancel(event.id, "what the gateway answered is larger than messages may be");
    event.handlerFailed(`the answer to ${methodOfPdkCall(call)} is larger than messages may be`);
  }

  readonly #reply: EventReply = (_eventId, data, isLast) => {
    if (this.#held !== undefined) this.#held.push({ data, isLast });
    else if (isLast) this.#last(data);
    else if (this.#gateway !== "new" && isDoubtful(data)) this.#doubt(data);
    else this.#ask(data);
  };

  #last(data: Buffer): void {
    if (data === END_OF_EVENT) this.#return();
    else this.#exit(data);
  }

  /** An old gateway might fail at the call, which lets the request through: this is found out before it is sent. */
  #doubt(call: Buffer): void {
    this.#held = [{ data: call, isLast: false }];
    const question = this.#gateway === undefined ? PROBE : questionBefore(call);
    if (question === undefined) {
      // Not while the event sends its calls.
      queueMicrotask(() => this.#refuse(refusalByOldGateway(call) ?? ""));
      return;
    }
    this.#inquire(question, (answer) => {
      if (question === PROBE) {
        this.#gateway = isOldGateway(answer) ? "old" : "new";
        return this.#release();
      }
      const reason = refusalByOldGateway(call, answer);
      if (reason !== undefined) return this.#refuse(reason);
      this.#held?.shift();
      this.#ask(call);
      this.#release();
    });
  }

  #inquire(question: Buffer, onAnswer: (answer: Buffer) => void): void {
    this.#inquiry = { question, onAnswer };
    this.#ask(question);
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const { data, isLast } of held) this.#reply(0, data, isLast);
  }

  #refuse(reason: string): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    if (this.#state !== "busy") return;
    this.#options.onLacking(this.#instanceId, this.#phase, reason);
    const event = this.#event;
    if (event !== undefined && event.state !== "over")
      this.#options.events.unsent(event, held.filter(({ isLast }) => !isLast).length, reason);
    // The handler has ended the request behind the call, and is to be as if it had failed.
    else this.#exit(encodePdkCall(FAIL_CLOSED.method, FAIL_CLOSED.args));
  }

  #ask(call: Buffer): void {
    this.#unanswered.push(call);
    this.#connection.sendSoon(call);
  }

  #return(): void {
    this.#hasReturned = true;
    this.#connection.sendSoon(END_OF_EVENT);
    this.#sendReturn(encodeRpcReturn(this.#sequence));
    this.#finishIfDone();
  }

  /** In one piece with what gets the client to leave: it has no time to use the connection again. */
  #sendReturn(answer: Buffer): void {
    this.#connection.sendSoon(answer);
    if (this.#options.isLeaving() && this.#waiting.length === 0) this.#leaveHint.send();
  }

  /** The gateway ends the request and closes the connection: it answers this call no more, nor those before it for sure. */
  #exit(call: Buffer): void {
    this.#state = "ended";
    this.#event = undefined;
    this.#connection.sendSoon(call);
    this.#connection.end();
  }

  #finishIfDone(): void {
    if (this.#state !== "busy" || !this.#hasReturned || this.#unanswered.length > 0) return;
    this.#event = undefined;
    this.#hasReturned = false;
    this.#next();
  }

  #next(): void {
    this.#state = "idle";
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) this.#command(waiting.message, waiting.beganAt);
  }

  #command(message: Buffer, beganAt: number): void {
    const call = readCommand(message);
    if (call instanceof Error) return this.#refuseCommand(call);
    this.#state = "busy";
    const { command, sequence } = call;
    if (this.#leaveHint.takeCrossed() && command.kind === "handle-event") this.#unanswered.push(HINT);
    if (command.kind === "handle-event") this.#handleEvent(sequence, command, beganAt);
    else {
      // What follows it on this connection may be wrong, and is this connection's fault alone.
      this.#answer(sequence, command).catch((error: unknown) =>
        this.#connection.destroy(error instanceof Error ? error : new Error(String(error))),
      );
    }
  }

  /**
   * What cannot be read is answered with nothing at all, which no gateway takes for an answer: it refuses the request with
   * HTTP 500. At a mere close, Kong from 3.4 on would repeat the command for ever.
   */
  #refuseCommand(fault: Error): void {
    this.#state = "ended";
    this.#connection.sendSoon(END_OF_EVENT);
    this.#connection.endWith(fault);
  }

  async #answer(sequence: unknown, command: Exclude<RpcCommand, { kind: "handle-event" }>): Promise<void> {
    // The protocol has no errors: an answer without a result is one.
    let answer = encodeRpcReturn(sequence);
    try {
      answer = encodeRpcReturn(sequence, await answerCommand(this.#options.service, command));
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (!isOwnError(error)) this.#options.onInternalError(command.kind, error);
    }
    this.#sendReturn(answer);
    if (this.#state === "busy") this.#next();
  }

  #handleEvent(sequence: unknown, { instanceId, phase }: RpcCommand & { kind: "handle-event" }, beganAt: number): void {
    this.#sequence = sequence;
    this.#instanceId = instanceId;
    this.#phase = phase;
    const runner = this.#options.service.runnerOf(instanceId);
    if (runner === undefined) return this.#missingInstance(instanceId, phase);
    const event = this.#options.events.start(runner, { instanceId, phase, beganAt }, DIALECT, this.#reply);
    // Its first calls, or its end, may have gone out already.
    if (event.state !== "over") this.#event = event;
  }

  /**
   * The protocol has no way to say so. At a closed connection Kong from 3.4 on starts the instance again and repeats the
   * event; Kong 2.8 goes on without the plugin, so there the request has to be refused.
   */
  #missingInstance(instanceId: number, phase: string): void {
    const { missingInstanceCalls, onMissingInstance } = this.#options;
    this.#inquire(PROBE, (answer) => {
      const startsAgain = !isOldGateway(answer);
      onMissingInstance(instanceId, phase, startsAgain);
      if (startsAgain) {
        this.#state = "ended";
        return this.#connection.end();
      }
      for (const { method, args, ends } of missingInstanceCalls(instanceId, phase)) {
        const call = encodePdkCall(method, args);
        if (ends) return this.#exit(call);
        this.#ask(call);
      }
      this.#return();
    });
  }
}

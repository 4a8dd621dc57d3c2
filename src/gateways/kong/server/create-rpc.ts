// Joins both dialects to one server's tables, and says in its log what goes wrong between it and a gateway.
import { performance } from "node:perf_hooks";
import {
  type GatewayEvent,
  type EventTable,
  FAIL_CLOSED,
  failureCalls,
  GatewayRpc,
  type GatewayRpcOptions,
  MsgpackRpc,
  type PassedStep,
  type PluginService,
  ProtobufRpc,
  type Connection,
} from "../rpc/index.js";
import type { EventLog } from "./event-log.js";
import type { LimitedLog } from "../../../core/log/index.js";
import type { Predecessor } from "./takeover/predecessor.js";
import type { Siblings } from "./takeover/siblings.js";

export interface RpcOptions extends Pick<GatewayRpcOptions, "protocol" | "maxMessageSize" | "onOpen" | "onClose"> {
  readonly service: PluginService;
  readonly events: EventTable;
  readonly siblings: Siblings | undefined;
  /** The server that had the path before. */
  readonly predecessor: Predecessor | undefined;
  readonly onSuccessor: (connection: Connection) => void;
  /** What becomes of a request whose event failed. */
  readonly onError: "exit" | "continue";
  readonly log: LimitedLog;
  readonly eventLog: EventLog;
}

export function createRpc(options: RpcOptions): GatewayRpc {
  const {
    protocol,
    maxMessageSize,
    service,
    events,
    siblings,
    predecessor,
    onError,
    onOpen,
    onClose,
    onSuccessor,
    log,
    eventLog,
  } = options;
  const onInternalError = (method: string, error: Error): void =>
    log.log({
      level: "error",
      group: "internal error",
      message: `${method} failed in the server itself: ${error.message}`,
      fields: () => ({ err: error }),
    });
  const unknownEventCall = onError === "exit" ? FAIL_CLOSED : undefined;
  const pass = (step: PassedStep): boolean => siblings?.pass(step) === true || predecessor?.pass(step) === true;
  const onUnknownEvent = onceASecond((eventId: number) =>
    log.write({
      level: "warn",
      message: `a step for event ${eventId}, which this server does not have (any more): its request is ${onError === "exit" ? "refused" : "let go on"}`,
    }),
  );
  const msgpack = new MsgpackRpc({
    service,
    events,
    unknownEventCall,
    pass,
    onUnknownEvent,
    onSuccessor,
    onInternalError,
  });
  siblings?.onStep(msgpack.takeStep);
  const protobuf = new ProtobufRpc({
    service,
    events,
    missingInstanceCalls: (instanceId, phase) => failureCalls("?", phase, `there is no instance ${instanceId}`, onError),
    onAbandoned: (event, lastCall) => eventLog.warn(event, "abandoned event", abandoned(event, lastCall)),
    onOversizedResult: (event, call) =>
      eventLog.warn(
        event,
        "oversized result",
        `an event of plugin ${event.runner.plugin} fails: what ${call} returned is larger than -max-message-size`,
      ),
    onLacking: (instance, phase, reason) =>
      log.log({
        level: "error",
        group: "lacking function",
        message: `an event fails in ${phase}: ${reason}`,
        fields: () => ({ gateway: "kong", function: phase, binding: instance }),
      }),
    onMissingInstance: (instance, phase, startsAgain) =>
      log.log({
        level: "warn",
        group: "missing instance",
        message: startsAgain
          ? `there is no instance ${instance}: the gateway starts it again, its connection was closed to tell it so`
          : `there is no instance ${instance}, and this gateway cannot be told: reload it; its requests are refused until then`,
        fields: () => ({ gateway: "kong", function: phase, binding: instance }),
      }),
    onInternalError,
  });
  return new GatewayRpc({ protocol, maxMessageSize, msgpack, protobuf, onOpen, onClose });
}

function onceASecond(tell: (eventId: number) => void): (eventId: number) => void {
  let told = -Infinity;
  return (eventId) => {
    const now = performance.now();
    if (now - told < 1000) return;
    told = now;
    tell(eventId);
  };
}

function abandoned({ runner, phase }: GatewayEvent, lastCall: string | undefined): string {
  const where =
    lastCall === undefined
      ? "while its handler ran: its client or a worker of it is gone"
      : `instead of answering ${lastCall}: it refused the call (wrong argument, wrong phase, unknown function), or is gone`;
  return `the gateway closed the connection in ${phase} of plugin ${runner.plugin} ${where}`;
}

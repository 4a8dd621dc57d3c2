// Joins both dialects to one server's tables, and says in its log what goes wrong between it and a gateway.
import { performance } from "node:perf_hooks";
import type { Logger } from "pino";
import {
  type Event,
  type EventTable,
  FAIL_CLOSED,
  failureCalls,
  GatewayRpc,
  type GatewayRpcOptions,
  MsgpackRpc,
  type PassedStep,
  type PluginService,
  ProtobufRpc,
} from "../rpc/index.js";
import type { Connection } from "../wire/index.js";
import type { Predecessor } from "./predecessor.js";
import type { Siblings } from "./siblings.js";

export interface RpcOptions extends Pick<GatewayRpcOptions, "protocol" | "maxMessageSize" | "onOpen" | "onClose"> {
  readonly service: PluginService;
  readonly events: EventTable;
  readonly siblings: Siblings | undefined;
  /** The server that had the path before. */
  readonly predecessor: Predecessor | undefined;
  readonly onSuccessor: (connection: Connection) => void;
  /** What becomes of a request whose event failed. */
  readonly onError: "exit" | "continue";
  readonly logger: Logger;
}

export function createRpc(options: RpcOptions): GatewayRpc {
  const { protocol, maxMessageSize, service, events, siblings, predecessor, onError, onOpen, onClose, onSuccessor, logger } =
    options;
  const onInternalError = (method: string, error: Error): void =>
    logger.error({ err: error }, `${method} failed in the server itself`);
  const unknownEventCall = onError === "exit" ? FAIL_CLOSED : undefined;
  const pass = (step: PassedStep): boolean => siblings?.pass(step) === true || predecessor?.pass(step) === true;
  const onUnknownEvent = onceASecond((eventId: number) =>
    logger.warn(
      `a step for event ${eventId}, which this server does not have (any more): its request is ${onError === "exit" ? "refused" : "let go on"}`,
    ),
  );
  const msgpack = new MsgpackRpc({
    service,
    events,
    unknownEventCall,
    pass,
    onUnknownEvent,
    onSuccessor,
    onOpen,
    onClose,
    onInternalError,
  });
  siblings?.onStep(msgpack.takeStep);
  const protobuf = new ProtobufRpc({
    service,
    events,
    missingInstanceCalls: (instanceId, phase) => failureCalls("?", phase, `there is no instance ${instanceId}`, onError),
    onAbandoned: (event, lastCall) => warn(logger, event, abandoned(event, lastCall)),
    onOversizedResult: (event, call) =>
      warn(
        logger,
        event,
        `an event of plugin ${event.runner.plugin} fails: what ${call} returned is larger than -max-message-size`,
      ),
    onLacking: (instanceId, phase, reason) =>
      logger.error({ instance: instanceId, phase }, `an event fails in ${phase}: ${reason}`),
    onMissingInstance: (instanceId, phase, startsAgain) =>
      logger.warn(
        { instance: instanceId, phase },
        startsAgain
          ? `there is no instance ${instanceId}: the gateway starts it again, its connection was closed to tell it so`
          : `there is no instance ${instanceId}, and this gateway cannot be told: reload it; its requests are refused until then`,
      ),
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

function abandoned({ runner, phase }: Event, lastCall: string | undefined): string {
  const where =
    lastCall === undefined
      ? "while its handler ran: its client or a worker of it is gone"
      : `instead of answering ${lastCall}: it refused the call (wrong argument, wrong phase, unknown function), or is gone`;
  return `the gateway closed the connection in ${phase} of plugin ${runner.plugin} ${where}`;
}

function warn(logger: Logger, event: Event, message: string): void {
  logger.warn({ plugin: event.runner.plugin, phase: event.phase, instance: event.instanceId }, message);
}

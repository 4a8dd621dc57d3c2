// Joins both dialects to one server's tables, and says in its log what goes wrong between it and a gateway.
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
import type { Siblings } from "./siblings.js";

export interface RpcOptions extends Pick<GatewayRpcOptions, "protocol" | "maxMessageSize" | "onOpen" | "onClose"> {
  readonly service: PluginService;
  readonly events: EventTable;
  readonly siblings: Siblings | undefined;
  /** What becomes of a request whose event failed. */
  readonly onError: "exit" | "continue";
  readonly logger: Logger;
}

export function createRpc(options: RpcOptions): GatewayRpc {
  const { protocol, maxMessageSize, service, events, siblings, onError, onOpen, onClose, logger } = options;
  const onInternalError = (method: string, error: Error): void =>
    logger.error({ err: error }, `${method} failed in the server itself`);
  const unknownEventCall = onError === "exit" ? FAIL_CLOSED : undefined;
  const pass = siblings && ((step: PassedStep): boolean => siblings.pass(step));
  const msgpack = new MsgpackRpc({ service, events, unknownEventCall, pass, onOpen, onClose, onInternalError });
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

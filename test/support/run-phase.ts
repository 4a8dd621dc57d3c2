// Owns playing the gateway for one event: it answers the PDK calls of a handler until the phase is over.
import { isRecord } from "./is-record.js";
import { GatewayAnswer, type PdkCall, type PhaseOptions, type PhaseRun } from "./phase-run.js";
import { type Peer, ProtobufPeer } from "./protobuf-peer.js";

const TYPED_STEPS: Readonly<Record<string, string>> = {
  "kong.client.get_credential": "StepCredential",
  "kong.client.authenticate": "StepCredential",
  "kong.client.get_consumer": "StepConsumer",
  "kong.client.load_consumer": "StepConsumer",
  "kong.router.get_route": "StepRoute",
  "kong.router.get_service": "StepService",
  "kong.node.get_memory_stats": "StepMemoryStats",
  "kong.request.get_query": "StepMultiMap",
  "kong.request.get_headers": "StepMultiMap",
  "kong.response.get_headers": "StepMultiMap",
  "kong.service.response.get_headers": "StepMultiMap",
};

const ENDING = new Set(["kong.response.exit", "kong.response.error"]);

export async function runPhase(client: Peer, instanceId: unknown, phase: string, options: PhaseOptions = {}): Promise<PhaseRun> {
  if (client instanceof ProtobufPeer) return client.runPhase(instanceId, phase, options);
  const connection = options.connection ?? (() => client);
  const calls: PdkCall[] = [];
  let method = "plugin.HandleEvent";
  let argument: Record<string, unknown> = { InstanceId: instanceId, EventName: phase };
  let eventId: unknown;
  for (;;) {
    const { error, result } = await connection().request(method, argument);
    if (error !== null) return { calls, end: "error", eventId, error };
    const step = parseStep(result);
    eventId = step.eventId;
    if (step.call === undefined) return { calls, end: "ret", eventId };
    calls.push(step.call);
    if (ENDING.has(step.call.method)) return { calls, end: "exit", eventId };
    const value = options.answer?.(step.call.method, step.call.args);
    if (value instanceof GatewayAnswer && value.kind === "refused") return { calls, end: "refused", eventId };
    [method, argument] = stepRequest(step.call.method, eventId, value);
  }
}

/** The method and argument of the Step that carries `value` as the answer to a call. */
export function stepRequest(called: string, eventId: unknown, value: unknown): [string, Record<string, unknown>] {
  if (value instanceof GatewayAnswer) return ["plugin.StepError", { EventId: eventId, Data: value.text }];
  const argument = value === undefined ? { EventId: eventId } : { EventId: eventId, Data: value };
  return [`plugin.${TYPED_STEPS[called] ?? "Step"}`, argument];
}

/** Reads the result of HandleEvent or a Step: an event id with a call, or with none when the phase is over. */
export function parseStep(result: unknown): { eventId: unknown; call?: PdkCall } {
  if (!isRecord(result)) throw new Error(`a step that is no map: ${JSON.stringify(result)}`);
  const { EventId: eventId, Data: data } = result;
  if (typeof eventId !== "number") throw new Error(`a step without an event id: ${JSON.stringify(result)}`);
  if (data === "ret") return { eventId };
  if (!isRecord(data) || typeof data["Method"] !== "string" || !Array.isArray(data["Args"])) {
    throw new Error(`a step with unknown data: ${JSON.stringify(result)}`);
  }
  return { eventId, call: { method: data["Method"], args: data["Args"] } };
}

/** Starts an instance and gives its id. */
export async function startInstance(client: Peer, name: string, config: unknown = {}): Promise<number> {
  const status = await client.call("plugin.StartInstance", { Name: name, Config: JSON.stringify(config) });
  if (!isRecord(status) || typeof status["Id"] !== "number") throw new Error(`no status: ${JSON.stringify(status)}`);
  return status["Id"];
}

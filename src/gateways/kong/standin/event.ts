// Runs one phase of one plugin: asks the plugin server, runs the PDK calls it wants, and answers each with a Step.

import { messageOf } from "../../../core/model/index.js";
import { playWithFiles } from "./http/body-files.js";
import {
  argumentsFromWire,
  callPdk,
  type PdkAnswer,
  type PdkCall,
  type PluginEntity,
  RefusedCall,
} from "../pdk-functions/index.js";
import { GatewayError } from "./errors.js";
import type { PluginInstances } from "./plugin-server/plugin-instances.js";
import type { PluginServerClient } from "./plugin-server/plugin-server-client.js";
import type { ProtobufClient } from "./protobuf/protobuf-client.js";

export type EventOutcome =
  /** The handler returned. */
  | "finished"
  /** `kong.response.exit` or `.error` was called: the response is in the request. */
  | "ended"
  /** The plugin server failed in a way that Kong passes over. */
  | "skipped"
  /** The client gets HTTP 500 (in the log phase: the rest of the event is gone). */
  | "failed";

export interface PluginServerCalls extends Pick<PluginServerClient, "call"> {
  /** Told of an event that gets no further Step. Over a socket nothing tells a plugin server. */
  abandon?(eventId: unknown): void;
}

export interface EventServices {
  readonly client: PluginServerCalls | Pick<ProtobufClient, "call" | "handleEvent">;
  readonly instances: PluginInstances;
  readonly log: (level: "warn" | "error", message: string) => void;
  /** What runs a PDK call, where that is not {@link callPdk}. */
  readonly callPdk?: typeof callPdk;
}

// What Kong passes over; everything else it does not expect and answers with HTTP 500.
const PASSED_OVER = new Set(["GATEWAY_RPC_ERROR", "GATEWAY_RPC_LOST", "GATEWAY_RPC_TIMEOUT"]);

export async function runEvent(services: EventServices, plugin: PluginEntity, call: PdkCall): Promise<EventOutcome> {
  const where = `[${plugin.name}] ${call.phase}`;
  try {
    return await runWithInstance(services, plugin, call);
  } catch (error) {
    services.log("error", `${where}: ${messageOf(error)}`);
    if (error instanceof RefusedCall) return "failed";
    return error instanceof GatewayError && PASSED_OVER.has(error.code) ? "skipped" : "failed";
  }
}

/** Kong repeats without end; a server that never has the instance it has just started is broken. */
const MAX_STARTS = 20;

async function runWithInstance(services: EventServices, plugin: PluginEntity, call: PdkCall): Promise<EventOutcome> {
  for (let starts = 1; ; starts += 1) {
    const id = await services.instances.idFor(plugin);
    try {
      return await runLoop(services, id, call);
    } catch (error) {
      if (!isMissingInstance(error) || starts === MAX_STARTS) throw error;
      services.log("warn", `[${plugin.name}] ${messageOf(error)}: starting it again`);
      // A concurrent event may have started a new one already.
      if ((await services.instances.idFor(plugin)) === id) services.instances.forgetPlugin(plugin.name);
    }
  }
}

function isMissingInstance(error: unknown): boolean {
  if (!(error instanceof GatewayError)) return false;
  // ProtoBuf:1 has no errors: from Kong 3.4 on a closed connection means the same.
  return error.code === "GATEWAY_RPC_CLOSED" || (error.code === "GATEWAY_RPC_ERROR" && /no plugin instance/i.test(error.message));
}

async function runLoop(services: EventServices, instanceId: number, call: PdkCall): Promise<EventOutcome> {
  const { client } = services;
  if ("handleEvent" in client) {
    const run = services.callPdk ?? callPdk;
    return playWithFiles(call, run, (play) => client.handleEvent(instanceId, call.phase, play));
  }
  let reply = readReply(
    await client.call("plugin.HandleEvent", { InstanceId: instanceId, EventName: call.phase }),
    "plugin.HandleEvent",
  );
  const eventId = reply.eventId;
  while (reply.data !== "ret") {
    const { method, args } = readPdkCall(reply.data);
    const answer = await runPdkCall(services, call, { eventId, method, args });
    if (answer.kind === "ended") return "ended";
    // A nil result leaves the Data key out.
    const step = answer.data === undefined ? { EventId: eventId } : { EventId: eventId, Data: answer.data };
    reply = readReply(await client.call(`plugin.${answer.step}`, step), `plugin.${answer.step}`);
  }
  return "finished";
}

async function runPdkCall(
  services: EventServices,
  call: PdkCall,
  { eventId, method, args }: { eventId: unknown; method: string; args: unknown[] },
): Promise<PdkAnswer> {
  try {
    return await (services.callPdk ?? callPdk)(call, method, args);
  } catch (error) {
    if ("abandon" in services.client) services.client.abandon(eventId);
    throw error;
  }
}

function readReply(result: unknown, method: string): { eventId: unknown; data: unknown } {
  if (typeof result !== "object" || result === null || !("Data" in result) || result.Data === null) {
    throw new GatewayError("GATEWAY_BAD_REPLY", `the plugin server answered ${method} without Data`);
  }
  const data = Buffer.isBuffer(result.Data) ? result.Data.toString("utf8") : result.Data;
  return { eventId: "EventId" in result ? result.EventId : undefined, data };
}

function readPdkCall(data: unknown): { method: string; args: unknown[] } {
  if (typeof data !== "object" || data === null || !("Method" in data) || typeof data.Method !== "string") {
    throw new GatewayError("GATEWAY_BAD_REPLY", 'the plugin server sent Data that is neither "ret" nor a PDK call');
  }
  return { method: data.Method, args: argumentsFromWire("Args" in data ? data.Args : undefined) };
}

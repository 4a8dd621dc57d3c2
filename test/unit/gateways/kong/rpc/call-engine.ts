// The part of the engine that events need, without plugins: a table of calls, and hosts that are given with each runner.
import { CallTable } from "../../../../../src/core/calls/index.js";
import type { EventTableOptions } from "../../../../../src/gateways/kong/rpc/events/event-table.js";
import type { GatewayEvent } from "../../../../../src/gateways/kong/rpc/index.js";

export function callEngine(): EventTableOptions["engine"] {
  const calls = new CallTable<GatewayEvent>();
  return {
    calls,
    start: (event, { host }, start) => {
      calls.add(event);
      host.start({ callId: event.id, ...start });
    },
  };
}

export const thrown = (message: string): { name: string; message: string; stack: string } => ({
  name: "Error",
  message,
  stack: message,
});

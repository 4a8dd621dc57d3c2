// Reads the command lines by which an operator asks a running server.
import { UsageError } from "../../../core/model/index.js";
import type { Control, OperatorRequest } from "../../console/index.js";
import { commandFlags, type CommandName, type GivenFlags, namedFlags, settingsOf } from "../../flags/index.js";

export type OperatorCommand = Extract<CommandName, "status" | Control["kind"]>;

const PLACES = namedFlags("socket", "kong-prefix");

/** @throws {UsageError} for a command line that cannot be understood. */
export function operatorRequest(command: OperatorCommand, given: GivenFlags, operands: readonly string[]): OperatorRequest {
  const { socket, kongPrefix } = settingsOf(PLACES, given);
  const target = { socket, kongPrefix, saysPrefix: given.has("kong-prefix") };
  if (command !== "status") return { target, control: controlOf(command, given, operands) };
  const { json: isJson, watch: isWatched } = settingsOf(commandFlags("status"), given);
  return { target, status: { plugin: optionalName("status", operands), isJson, isWatched } };
}

function controlOf(kind: Control["kind"], given: GivenFlags, operands: readonly string[]): Control {
  switch (kind) {
    case "reload":
      return { kind, plugin: optionalName(kind, operands) };
    case "log-level": {
      const [first, second, ...others] = operands;
      if (first === undefined || others.length > 0)
        throw new UsageError("log-level takes a level, or the name of a plugin and a level: log-level hello debug");
      return second === undefined ? { kind, plugin: undefined, level: first } : { kind, plugin: first, level: second };
    }
    case "drain":
      if (operands.length > 0) throw new UsageError(`drain takes flags alone, not "${operands.join(" ")}"`);
      return { kind };
    case "heap":
      return { kind, plugin: onlyName(kind, operands), out: settingsOf(commandFlags(kind), given).out };
    case "profile": {
      const { seconds, out } = settingsOf(commandFlags(kind), given);
      if (!/^\d+(\.\d+)?$/.test(seconds) || Number(seconds) === 0)
        throw new UsageError(`-seconds takes a number such as 10, not "${seconds}"`);
      return { kind, plugin: onlyName(kind, operands), seconds: Number(seconds), out };
    }
  }
}

function optionalName(command: string, operands: readonly string[]): string | undefined {
  if (operands.length > 1) throw new UsageError(`${command} takes the name of one plugin, not ${operands.length}`);
  return operands[0];
}

function onlyName(command: string, operands: readonly string[]): string {
  const [name, ...others] = operands;
  if (name === undefined || others.length > 0) throw new UsageError(`${command} takes one argument: the name of a plugin`);
  return name;
}

// Does what an operator asks of a running server.
import { control, type Control } from "./control.js";
import type { Target } from "./find-server.js";
import { type Output, status, type StatusCommand } from "./status.js";

/** One question to one server. */
export type OperatorRequest =
  { readonly target: Target; readonly status: StatusCommand } | { readonly target: Target; readonly control: Control };

/** @throws {UsageError} for what the server does not know, {CommandError} for what it cannot do, or where none answers. */
export function operate(request: OperatorRequest, output: Output): Promise<void> {
  if ("status" in request) return status(request.target, request.status, output);
  return control(request.target, request.control, output.print);
}

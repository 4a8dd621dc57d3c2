// Owns the narrowing of `kong` to what one phase may call.
import type { JsName } from "./js-name.js";
import type { Kong } from "./kong.js";
import type { KongLog, KongLogCall } from "./namespaces/log.js";
import type { PDK_METHODS } from "./methods.js";
import type { Phase } from "./phases.js";

type Row = (typeof PDK_METHODS)[number];

type AllowedIn<P extends Phase, R = Row> = R extends { readonly method: string; readonly phases: readonly Phase[] }
  ? P extends R["phases"][number]
    ? R["method"]
    : never
  : never;

/** The JavaScript path, e.g. `kong.request.getHeader`, of every function that a phase may call. */
type PathsIn<P extends Phase> = JsName<AllowedIn<P>>;

type InPhase<Namespace, P extends Phase, Path extends string> = {
  readonly [
    Key in keyof Namespace as Extract<PathsIn<P>, `${Path}.${Key & string}` | `${Path}.${Key & string}.${string}`> extends never
      ? never
      : Key
  ]: Namespace[Key] extends KongLog
    ? InPhase<Namespace[Key], P, `${Path}.${Key & string}`> & KongLogCall
    : Namespace[Key] extends (...args: never) => unknown
      ? Namespace[Key]
      : InPhase<Namespace[Key], P, `${Path}.${Key & string}`>;
};

/**
 * `kong` with only the functions that the gateway runs in a phase. A call in a phase that no gateway
 * allows fails with a `PdkError` (`PDK_WRONG_PHASE`) when it is made; this type turns that into a compile error.
 *
 * For functions that came to a phase over the years the newest gateway counts. The certificate and preread phases were not
 * recorded: there it is what makes sense without a request.
 *
 * @example
 * async function requestId(kong: KongFor<"access">): Promise<string> {
 *   return (await kong.request.getHeader("x-request-id")) ?? crypto.randomUUID();
 * }
 */
export type KongFor<P extends Phase> = InPhase<Kong, P, "kong">;

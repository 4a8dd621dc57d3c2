// Names the functions of a plugin as the host, the isolate and the plugin's metadata know them: `pre/addFooBar`.
import type { HookType } from "./codec/message-types.js";

/** As `defineTykPlugin` names them. */
export const HOOK_KINDS = ["pre", "authCheck", "postAuthCheck", "post", "response", "events"] as const;

export type HookKind = (typeof HOOK_KINDS)[number];

export interface HookFunction {
  readonly kind: HookKind;
  /** The key in the plugin's table of functions; the kind itself for a hook that is one function, `endpoints` for the endpoints. */
  readonly name: string;
}

/** The name of the post hook that a plugin's endpoints are. */
export const ENDPOINTS = "endpoints";

/** Which kind of hook the gateway calls; `undefined` for types that it calls no plugin with. */
export const KIND_OF_TYPE: Readonly<Record<HookType, HookKind | undefined>> = {
  Unknown: undefined,
  Pre: "pre",
  CustomKeyCheck: "authCheck",
  PostKeyAuth: "postAuthCheck",
  Post: "post",
  Response: "response",
};

/** The function's name in the core: what a call runs, and what is counted. */
export const hookFunction = (kind: HookKind, name: string): string => `${kind}/${name}`;

/** Undefined for what {@link hookFunction} has not made. */
export function parseHookFunction(functionName: string): HookFunction | undefined {
  const slash = functionName.indexOf("/");
  const kind = HOOK_KINDS.find((candidate) => candidate === functionName.slice(0, Math.max(slash, 0)));
  return kind === undefined ? undefined : { kind, name: functionName.slice(slash + 1) };
}

// Owns the shape of the `kong` object: every namespace of the PDK.
import type { KongClient } from "./namespaces/client.js";
import type { KongCtx } from "./namespaces/ctx.js";
import type { KongIp } from "./namespaces/ip.js";
import type { KongLog } from "./namespaces/log.js";
import type { KongNginx } from "./namespaces/nginx.js";
import type { KongNode } from "./namespaces/node.js";
import type { KongPlugin } from "./plugin.js";
import type { KongRequest } from "./namespaces/request.js";
import type { KongResponse } from "./namespaces/response.js";
import type { KongRouter } from "./namespaces/router.js";
import type { KongService } from "./namespaces/service.js";
import type { KongVault } from "./namespaces/vault.js";

/**
 * The Plugin Development Kit: functions that the gateway runs for the plugin.
 *
 * How to read the descriptions:
 *
 * - *Phases* are those in which the gateway runs the function. Anywhere else it would leave the call without an answer, so
 *   that it is not sent: it fails with a `PdkError` whose code is `PDK_WRONG_PHASE`. `2.8.5+` behind a phase means "in this
 *   phase from 2.8.5"; an older gateway refuses it there, which ends the handler and answers the client with HTTP 500 (in
 *   the log phase: nothing more happens). In certificate and preread, which were not recorded, every call is sent.
 * - An argument that is *refused* in every version fails in the same way, with `PDK_BAD_ARGUMENT`; `kong.response.exit` and
 *   `.error` throw at once.
 * - *Measured from 2.2.2* means that Kong 2.2.2 has the function and the version recorded before it has not. Without such a
 *   note it is there from 2.0.5. The recorded versions are 2.0.5, 2.2.2, 2.3.3, 2.8.5, 3.1.1, 3.4.2, 3.8.1 and 3.9.3.
 * - A function that the gateway lacks answers `undefined` and does nothing, so it cannot be told from one without a result.
 * - Up to Kong 2.8 a function that fails throws a `PdkError` with the code `PDK_CALL_FAILED`. Later gateways drop the reason
 *   and the result is `undefined`.
 * - Functions without a result (`set…`, `add…`, `clear…`, `log.*`) resolve at once: they reach the gateway, in order, with
 *   the next call that has a result or with the end of the phase.
 * - Text that is not UTF-8 arrives as a `Buffer` where the type says `string`. Headers, paths and query arguments come from
 *   the client, so check with `typeof` before trusting them.
 *
 * A handler gets the part of it that its phase may call, `KongFor`.
 */
export interface Kong {
  readonly client: KongClient;
  readonly ctx: KongCtx;
  readonly ip: KongIp;
  readonly log: KongLog;
  readonly nginx: KongNginx;
  readonly node: KongNode;
  readonly plugin: KongPlugin;
  readonly request: KongRequest;
  readonly response: KongResponse;
  readonly router: KongRouter;
  readonly service: KongService;
  readonly vault: KongVault;
}

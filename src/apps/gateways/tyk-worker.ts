// Tyk's half in an isolate: runs Tyk's own plugins, and those of Kong's that it can have.
import { composeWorkers, type GatewayWorker } from "../../core/worker/index.js";
import { gatewayWorker as kong } from "../../gateways/kong/worker/index.js";
import { gatewayWorker as tyk, type TykDefinition } from "../../gateways/tyk/worker/index.js";
import { tykForm } from "./kong-on-tyk/tyk-form.js";

const kongOnTyk: GatewayWorker<TykDefinition> = {
  ...kong,
  define: (moduleExports, name) => tykForm(kong.define(moduleExports, name), name),
  describe: (definition, name) => tyk.describe(definition, name),
  createHost: (definition, context) => tyk.createHost(definition, context),
};

export const gatewayWorker = composeWorkers({ tyk, kong: kongOnTyk });

/** What a module is to Tyk: a plugin of its own, or one of Kong's. @throws {Error} with the reason, where it is neither. */
export const tykDefinition = (moduleExports: unknown, name: string): TykDefinition =>
  tyk.owns?.(moduleExports) === true ? tyk.define(moduleExports, name) : kongOnTyk.define(moduleExports, name);

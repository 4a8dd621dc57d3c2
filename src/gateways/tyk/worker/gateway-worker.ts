// The gateway's half in an isolate: how its plugins are read, and the host that runs their hooks.
import type { PluginMetadata } from "../../../core/channel/index.js";
import type { GatewayWorker } from "../../../core/worker/index.js";
import { isTykError } from "../api/index.js";
import type { TykDefinition } from "./definition.js";
import { isTykPlugin, readPlugin } from "./read-plugin.js";
import { checkRuntime } from "./self-check.js";
import { TykHost } from "./tyk-host.js";

export const gatewayWorker: GatewayWorker<TykDefinition> = {
  owns: isTykPlugin,
  define: readPlugin,
  describe,
  createHost: (definition, { plugin, listener, tracking, maxCalls }) =>
    new TykHost(definition, listener, { plugin, tracking, maxCalls }),
  selfCheck: checkRuntime,
  strayErrors: {
    // What comes after the end of its call changes nothing; anything else is a fault.
    levelOf: (thrown) =>
      isTykError(thrown) && (thrown.code === "TYK_CALL_ENDED" || thrown.code === "TYK_CALL_CANCELLED") ? "debug" : "error",
    // Calls do not wait for them.
    exceptionEscapes: () => {},
    rejectionFloats: () => {},
    rejectionLands: () => {},
  },
};

/** Its functions by kind and name: `pre/addFooBar`. */
function describe(definition: TykDefinition, fallbackName: string): PluginMetadata {
  const { name = fallbackName, version, timeout, isolation, functions, dispose } = definition;
  return {
    form: "defineTykPlugin",
    name,
    version,
    functions: [...functions.keys()],
    schema: [],
    ...(timeout === undefined ? {} : { timeout }),
    ...(isolation === undefined ? {} : { isolation }),
    ...(dispose === undefined ? {} : { disposes: true }),
  };
}

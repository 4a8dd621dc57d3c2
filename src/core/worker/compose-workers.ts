// Makes one gateway's half of several, for the isolate that reads a directory of plugins which these share.
import type { PluginMetadata } from "../channel/index.js";
import type { GatewayWorker } from "./gateway-worker.js";
import type { PluginLifeCycle } from "./life-cycle.js";

export interface ComposedDefinition extends PluginLifeCycle {
  readonly gateway: string;
  readonly worker: GatewayWorker;
  readonly definition: PluginLifeCycle;
}

/**
 * Asks them in order, by name: a module is of the first that owns it, or of the first that owns any. What a plugin says of itself
 * then names its gateway.
 */
export function composeWorkers(workers: Readonly<Record<string, GatewayWorker>>): GatewayWorker<ComposedDefinition> {
  const all = Object.entries(workers);
  const ownerOf = (moduleExports: unknown): readonly [string, GatewayWorker] => {
    const owner = all.find(([, worker]) => worker.owns === undefined || worker.owns(moduleExports));
    if (owner === undefined) throw new Error(`it is no plugin of ${all.map(([name]) => name).join(" or ")}`);
    return owner;
  };
  return {
    define: (moduleExports, name) => {
      const [gateway, worker] = ownerOf(moduleExports);
      const definition = worker.define(moduleExports, name);
      return { gateway, worker, definition, init: definition.init, dispose: definition.dispose };
    },
    describe: ({ gateway, worker, definition }, name): PluginMetadata => ({ ...worker.describe(definition, name), gateway }),
    createHost: ({ worker, definition }, context) => worker.createHost(definition, context),
    selfCheck: (done) => {
      // Each in its turn: the first problem is told, or none.
      const next = (index: number): void => {
        const entry = all[index];
        if (entry === undefined) done(undefined);
        else entry[1].selfCheck((problem) => (problem === undefined ? next(index + 1) : done(problem)));
      };
      next(0);
    },
    strayErrors: {
      levelOf: (thrown) => {
        const levels = all.map(([, { strayErrors }]) => strayErrors.levelOf(thrown));
        const milder = levels.findIndex((level) => level !== "error");
        return milder === -1 ? "error" : levels[milder];
      },
      exceptionEscapes: (thrown) => {
        for (const [, { strayErrors }] of all) strayErrors.exceptionEscapes(thrown);
      },
      rejectionFloats: (promise, reason) => {
        for (const [, { strayErrors }] of all) strayErrors.rejectionFloats(promise, reason);
      },
      rejectionLands: (promise) => {
        for (const [, { strayErrors }] of all) strayErrors.rejectionLands(promise);
      },
    },
  };
}

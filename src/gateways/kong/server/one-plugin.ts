// The one plugin of a program, as the server's source of plugins: there from the start, and never another.
import { type Generation, PluginRegistry } from "../../../core/plugins/index.js";
import type { PluginSource, SourceContext } from "../../../core/server/index.js";
import { EmbeddedError } from "./errors.js";

export class OnePlugin implements PluginSource {
  readonly #registry = new PluginRegistry();
  readonly #context: SourceContext;

  constructor(generation: Generation, context: SourceContext) {
    this.#registry.add(generation);
    this.#context = context;
  }

  load(): Promise<void> {
    this.#context.served.replace(this.#registry.list());
    return Promise.resolve();
  }

  registry(): Promise<PluginRegistry> {
    return Promise.resolve(this.#registry);
  }

  /** The code of a program changes by starting it again. */
  reload(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  change(): Promise<void> {
    return Promise.reject(new EmbeddedError("EMBEDDED_NO_DIRECTORY", "this server is one plugin: it has no plugins directory"));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

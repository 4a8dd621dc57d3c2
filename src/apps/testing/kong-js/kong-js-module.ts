// The plugin under test and its instance, with the questions that kong-js-pdk's tests ask them.
import { statSync } from "node:fs";
import { TestingError } from "../errors.js";
import type { LoadedPlugin } from "../load-plugin.js";

type PluginObject = Record<string, unknown>;
type PluginClass = new (config: unknown) => PluginObject;

/** A plugin of kong-js-pdk's form: what its module exports. */
export interface KongJsPlugin {
  readonly Plugin: new (config: never) => object;
  readonly Name?: string;
  readonly Schema?: readonly unknown[];
  readonly Version?: string;
  readonly Priority?: number;
}

const now = (): number => Date.now() / 1000;

/** Times are in seconds. */
export class Module {
  lastStartInstanceTime = 0;
  lastCloseInstanceTime = 0;
  readonly loadTime = now();
  readonly cls: PluginClass;
  readonly #plugin: KongJsPlugin;
  readonly #loaded: LoadedPlugin;

  /** @internal */
  constructor(plugin: KongJsPlugin, loaded: LoadedPlugin) {
    this.#plugin = plugin;
    this.#loaded = loaded;
    this.cls = plugin.Plugin as unknown as PluginClass;
  }

  new(config: unknown): Instance {
    this.lastStartInstanceTime = now();
    return new Instance(this.getName(), config, new this.cls(config), () => {
      this.lastCloseInstanceTime = now();
    });
  }

  getName(): string {
    return this.#loaded.name;
  }

  getPhases(): readonly string[] {
    return this.#loaded.definition.phases;
  }

  getPriority(): number {
    return this.#loaded.definition.priority;
  }

  getVersion(): string | undefined {
    return this.#plugin.Version;
  }

  getSchema(): readonly unknown[] {
    return this.#plugin.Schema ?? [];
  }

  getLoadTime(): number {
    return this.loadTime;
  }

  /** Of the program that runs: the plugin came from memory. */
  getMTime(): number {
    return statSync(process.execPath).mtimeMs / 1000;
  }

  getLastStartInstanceTime(): number {
    return this.lastStartInstanceTime;
  }

  getLastCloseInstanceTime(): number {
    return this.lastCloseInstanceTime;
  }
}

/** Times are in seconds. */
export class Instance {
  readonly name: string;
  readonly config: unknown;
  /** What the plugin's constructor made. */
  readonly cls: PluginObject;
  readonly startTime = now();
  lastUsedTime = 0;
  readonly #onClose: () => void;

  constructor(name: string, config: unknown, cls: PluginObject, onClose: () => void) {
    this.name = name;
    this.config = config;
    this.cls = cls;
    this.#onClose = onClose;
  }

  getName(): string {
    return this.name;
  }

  getConfig(): unknown {
    return this.config;
  }

  getStartTime(): number {
    return this.startTime;
  }

  getLastUsedTime(): number {
    return this.lastUsedTime;
  }

  isExpired(ttl = 60): boolean {
    return Math.max(this.startTime, this.lastUsedTime) < now() - ttl;
  }

  resetExpireTs(): PluginObject {
    this.lastUsedTime = now();
    return this.cls;
  }

  close(): void {
    this.#onClose();
  }

  /** Calls a handler with a `kong` of the test's own making. */
  executePhase(phase: string, kong: unknown): unknown {
    const handler = this.cls[phase];
    if (typeof handler !== "function") throw new TestingError("TESTING_BAD_OPTION", `the plugin has no handler ${phase}`);
    return handler.call(this.cls, kong) as unknown;
  }
}

// Owns the error for a plugin whose source cannot be turned into an artifact.
import { PluginServerError } from "../model/index.js";
import type { Dependencies } from "./cache/dependencies.js";

/** A file that was read for a plugin. */
export interface PluginInput {
  readonly path: string;
  readonly sha256: string;
}

export interface LoadErrorPosition {
  /** Counted from one. */
  readonly line: number;
  /** Counted from one, in UTF-16 units, as editors and stack traces count. */
  readonly column: number;
}

export interface LoadErrorDetails {
  /** Absolute path of the file at fault. */
  readonly path: string;
  /** How the file is called in the message, relative to the plugins directory. */
  readonly label: string;
  readonly text: string;
  readonly position?: LoadErrorPosition | undefined;
  /** What was read until it failed. */
  readonly inputs?: readonly PluginInput[];
  /** All that it depends on that it failed, where that can be said. */
  readonly dependencies?: Dependencies | undefined;
  readonly cause?: unknown;
}

export class PluginLoadError extends PluginServerError<"PLUGIN_COMPILE_FAILED"> {
  override readonly name = "PluginLoadError";
  readonly path: string;
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly text: string;
  readonly inputs: readonly PluginInput[];
  readonly dependencies: Dependencies | undefined;

  constructor({ path, label, text, position, inputs = [], dependencies, cause }: LoadErrorDetails) {
    const place = position === undefined ? label : `${label}:${position.line}:${position.column}`;
    super("PLUGIN_COMPILE_FAILED", `${place}: ${text}`, cause === undefined ? undefined : { cause });
    this.path = path;
    this.line = position?.line;
    this.column = position?.column;
    this.text = text;
    this.inputs = inputs;
    this.dependencies = dependencies;
  }
}

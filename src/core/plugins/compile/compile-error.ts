// Says what esbuild could not do with a plugin, in one line that an editor can jump to.

import { dirname, relative, resolve } from "node:path";
import { messageOf } from "../../model/index.js";
import type { Message } from "esbuild";
import type { Dependencies } from "../cache/dependencies.js";
import { bundledPath } from "./bundle-sources.js";
import { type LoadErrorPosition, type PluginInput, PluginLoadError } from "../plugin-load-error.js";
import type { FoundPlugin } from "../scan.js";

/** What was found out before it failed. */
interface BeforeFailure {
  readonly inputs: readonly PluginInput[];
  readonly dependencies: Dependencies | undefined;
}

/** The first of esbuild's messages as an error of ours. */
export function compileError(
  error: unknown,
  source: FoundPlugin,
  realEntry: string,
  { inputs, dependencies }: BeforeFailure,
): PluginLoadError {
  const plugins = dirname(source.root);
  const [first] = messagesOf(error);
  const location = first?.location ?? undefined;
  const file = location === undefined ? realEntry : resolve(dirname(realEntry), bundledPath(location.file));
  const path = namedFromEntry(file, source.entry, realEntry);
  return new PluginLoadError({
    path,
    label: labelOf(path, plugins),
    text: oneLine(first?.text ?? messageOf(error)),
    position: location === undefined ? undefined : positionOf(location),
    inputs,
    // A file that could not be read may be readable a moment later: only what the compiler says of contents is for sure.
    dependencies: saysAllItself(error) ? dependencies : undefined,
    cause: error,
  });
}

const saysAllItself = (error: unknown): boolean =>
  messagesOf(error).length > 0 && messagesOf(error).every(({ pluginName, location }) => pluginName === "" && location !== null);

function messagesOf(error: unknown): readonly Message[] {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors) ? (error.errors as Message[]) : [];
}

function namedFromEntry(file: string, entry: string, realEntry: string): string {
  const fromEntry = relative(dirname(realEntry), file);
  return fromEntry.startsWith("..") ? file : resolve(dirname(entry), file === realEntry ? entry : fromEntry);
}

function labelOf(path: string, plugins: string): string {
  const label = relative(plugins, path);
  return label.startsWith("..") ? path : label;
}

/** esbuild counts columns in bytes from zero. */
function positionOf({ line, column, lineText }: NonNullable<Message["location"]>): LoadErrorPosition {
  return { line, column: Buffer.from(lineText).toString("utf8", 0, column).length + 1 };
}

function oneLine(text: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "").join(" ");
}

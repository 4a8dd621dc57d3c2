// Makes a call's span the active one of OpenTelemetry while its handler runs, for plugins that bring `@opentelemetry/api`: spans of
// theirs become children of it. They find it as that package finds everything: in an object behind a symbol of the whole thread.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { ContextManager, TextMapPropagator } from "@opentelemetry/api";
import type { ModuleArtifact } from "../../channel/index.js";
import { StoredContexts } from "./stored-contexts.js";
import { contextOf, W3cPropagator } from "./trace-propagation.js";

/** What the package registers; all copies of one major version share it. */
interface GlobalApi {
  /** Another copy reads what is registered by a later minor version, and registers only beside the same version. */
  readonly version: string;
  context?: ContextManager;
  propagation?: TextMapPropagator;
}

const PACKAGE = "@opentelemetry/api";
/** https://github.com/open-telemetry/opentelemetry-js, api/src/internal/global-utils.ts */
const KEY = Symbol.for("opentelemetry.js.api.1");
const MENTIONS_KEY = "opentelemetry.js.api";
/** For a copy whose version is not known: it can read, and registers nothing after this. */
const ANY_VERSION = "1.999.0";

/** Where the thread's plugin is; a program is its own main module. */
let artifact: Pick<ModuleArtifact, "entry" | "code"> = { entry: process.argv[1] ?? process.execPath, code: "" };
let version: string | undefined;
let hasLooked = false;

/** The thread runs this plugin, and no other. */
export function tracesPlugin(plugin: ModuleArtifact): void {
  artifact = plugin;
}

/** Runs a handler in a trace: a `traceparent`, and behind a space the `tracestate`, where there is one. It costs next to nothing where the plugin has no use for it. */
export function inTrace(trace: string, handler: () => void): void {
  const api = globalApi();
  if (api === undefined) return handler();
  // What the plugin has registered for itself stays.
  api.context ??= new StoredContexts();
  const end = trace.indexOf(" ");
  const context = end === -1 ? contextOf(trace, undefined) : contextOf(trace.slice(0, end), trace.slice(end + 1));
  if (context === undefined) handler();
  else api.context.with(context, handler);
}

/** Undefined for a plugin without the package. */
function globalApi(): GlobalApi | undefined {
  const registered = Reflect.get(globalThis, KEY) as GlobalApi | undefined;
  if (registered !== undefined && hasLooked) return registered;
  if (!hasLooked) version = registered?.version ?? versionOfPlugin();
  hasLooked = true;
  if (version === undefined) return undefined;
  const api = registered ?? { version };
  api.propagation ??= new W3cPropagator();
  Reflect.set(globalThis, KEY, api);
  return api;
}

function versionOfPlugin(): string | undefined {
  const { entry, code } = artifact;
  try {
    return versionAt(createRequire(entry).resolve(PACKAGE));
  } catch {
    // Not installed beside it; a built plugin may contain it.
    return code.includes(MENTIONS_KEY) ? ANY_VERSION : undefined;
  }
}

/** Of the package that a file is of. */
function versionAt(file: string): string {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const { name, version: found } = packageIn(folder);
    if (name === PACKAGE && typeof found === "string") return found;
  }
  return ANY_VERSION;
}

function packageIn(folder: string): { readonly name?: unknown; readonly version?: unknown } {
  try {
    const read: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return typeof read === "object" && read !== null ? read : {};
  } catch {
    // There is none, or none that can be read.
    return {};
  }
}

// Owns what a built plugin is stamped with.

/** Native code that stays outside the built file, and what it was compiled for. */
export interface NativeStamp {
  /** Name of the folder beside the built file. */
  readonly folder: string;
  /** Of everything in the folder. */
  readonly sha256: string;
  /** `process.versions.modules` of the Node.js that it was installed with. */
  readonly abi: string;
  /** Such as `linux-x64`. */
  readonly platform: string;
}

export interface BuildStamp {
  readonly plugin: string;
  readonly version: string;
  /** The version of the plugin API it was built against. */
  readonly api: string;
  /** The version of pluginserver that built it. */
  readonly build: string;
  /** The range of Node.js versions that run its code. */
  readonly node: string;
  readonly native?: NativeStamp;
}

export const runningAbi = (): string => process.versions.modules;
export const runningPlatform = (): string => `${process.platform}-${process.arch}`;

/** The stamp, or undefined where the text is none of ours. */
export function parseStamp(text: string): BuildStamp | undefined {
  const value = parseJson(text);
  const native = value["native"];
  const stamp = stringsOf(value, ["plugin", "version", "api", "build", "node"]);
  if (stamp === undefined) return undefined;
  if (native === undefined) return stamp;
  const nativeStamp = stringsOf(native, ["folder", "sha256", "abi", "platform"]);
  // Never a way out of the folder that the plugin is in.
  if (nativeStamp === undefined || /[\\/]|^\.*$/.test(nativeStamp.folder)) return undefined;
  return { ...stamp, native: nativeStamp };
}

function parseJson(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    // No JSON is no stamp.
    return {};
  }
}

function stringsOf<const Name extends string>(value: unknown, names: readonly Name[]): Record<Name, string> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const found = { ...value } as Record<string, unknown>;
  const entries = names.map((name) => [name, found[name]] as const);
  return entries.every(([, text]) => typeof text === "string" && text !== "")
    ? (Object.fromEntries(entries) as Record<Name, string>)
    : undefined;
}

// Reads and writes built plugins: a stamp, a hash, a signature, and then the code; and hashes the folders beside them.
import { createHash, timingSafeEqual } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuildSignature, SigningKey } from "./keys.js";

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
function parseStamp(text: string): BuildStamp | undefined {
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

/** The first line. It tells a built file whose end is missing from a plugin that was never built. */
export const BUILD_HEADER = "//# pluginserver-build: the stamp at the end holds for every byte; change the source, not this file";

const STAMP = "//# pluginserver-stamp=";
const TRAILER =
  /^\/\/# pluginserver-stamp=(.*)\n\/\/# pluginserver-sha256=([0-9a-f]{64})\n(?:\/\/# pluginserver-signature=([0-9a-f]{16}):([A-Za-z0-9+/=]+)\n)?$/;

export type BuildReading =
  /** Not a built file: source code, for all that can be told. */
  | { readonly kind: "source" }
  /** A built file of which something is missing, or that is not what was built. */
  | { readonly kind: "altered" }
  /** What was built, with a stamp that says other things than this version's. */
  | { readonly kind: "foreign" }
  | { readonly kind: "built"; readonly stamp: BuildStamp; readonly signature?: BuildSignature };

/** The whole built file. `code` begins with {@link BUILD_HEADER}. */
export function writeBuild(code: string, stamp: BuildStamp, key: SigningKey | undefined): Buffer {
  // Line separators that JSON leaves as they are would end the comment.
  const json = JSON.stringify(stamp).replace(/[\u2028\u2029]/g, (end) => `\\u${end.charCodeAt(0).toString(16)}`);
  const stamped = Buffer.from(`${code.endsWith("\n") ? code : `${code}\n`}${STAMP}${json}\n`);
  const hashed = Buffer.concat([stamped, Buffer.from(`//# pluginserver-sha256=${sha256(stamped).toString("hex")}\n`)]);
  if (key === undefined) return hashed;
  const signature = `//# pluginserver-signature=${key.id}:${key.sign(hashed).toString("base64")}\n`;
  return Buffer.concat([hashed, Buffer.from(signature)]);
}

export function readBuild(bytes: Buffer): BuildReading {
  const start = bytes.lastIndexOf(`\n${STAMP}`) + 1;
  if (start === 0) return bytes.subarray(0, BUILD_HEADER.length).equals(Buffer.from(BUILD_HEADER)) ? ALTERED : { kind: "source" };
  // One character per byte: places in the text are places in the file.
  const [trailer, json = "", hash = "", keyId, value = ""] = TRAILER.exec(bytes.toString("latin1", start)) ?? [];
  if (trailer === undefined) return ALTERED;
  const stamped = bytes.subarray(0, start + STAMP.length + json.length + 1);
  if (!timingSafeEqual(sha256(stamped), Buffer.from(hash, "hex"))) return ALTERED;
  const stamp = parseStamp(Buffer.from(json, "latin1").toString("utf8"));
  if (stamp === undefined) return { kind: "foreign" };
  if (keyId === undefined) return { kind: "built", stamp };
  const content = bytes.subarray(0, stamped.length + `//# pluginserver-sha256=${hash}\n`.length);
  return { kind: "built", stamp, signature: { keyId, value: Buffer.from(value, "base64"), content } };
}

const ALTERED: BuildReading = { kind: "altered" };

function sha256(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}

/** The SHA-256, or undefined where there is no such folder, or one with something in it that has no content of its own. */
export async function hashFolder(folder: string): Promise<string | undefined> {
  const hash = createHash("sha256");
  const isWhole = await addFolder(folder, "", (path, bytes) => {
    const content = createHash("sha256").update(bytes).digest("hex");
    hash.update(`${JSON.stringify(path)} ${content}\n`);
  });
  return isWhole ? hash.digest("hex") : undefined;
}

async function addFolder(root: string, path: string, add: (path: string, bytes: Buffer) => void): Promise<boolean> {
  // A folder that cannot be read is not whole.
  const entries = await readdir(join(root, path), { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return false;
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inner = path === "" ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!(await addFolder(root, inner, add))) return false;
    } else if (entry.isFile()) add(inner, await readFile(join(root, inner)));
    // A link could lead elsewhere tomorrow.
    else return false;
  }
  return true;
}

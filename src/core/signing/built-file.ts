// Writes and reads built files: code, and three lines behind it of which each vouches for every byte before it.
import { createHash, timingSafeEqual } from "node:crypto";
import { type BuildStamp, parseStamp } from "./build-stamp.js";
import type { SigningKey } from "./keys.js";

/** The first line. It tells a built file whose end is missing from a plugin that was never built. */
export const BUILD_HEADER = "//# pluginserver-build: the stamp at the end holds for every byte; change the source, not this file";

const STAMP = "//# pluginserver-stamp=";
const TRAILER =
  /^\/\/# pluginserver-stamp=(.*)\n\/\/# pluginserver-sha256=([0-9a-f]{64})\n(?:\/\/# pluginserver-signature=([0-9a-f]{16}):([A-Za-z0-9+/=]+)\n)?$/;

export interface BuildSignature {
  /** Id of the key that it says it is signed with. */
  readonly keyId: string;
  readonly value: Buffer;
  /** What was signed: everything before. */
  readonly content: Buffer;
}

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

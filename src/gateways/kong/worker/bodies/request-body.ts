// Owns the functions of `kong` that read and write the request's body here, where the gateway's own differ or lose it.
import { isPdkError, PdkError } from "../../pdk/index.js";
import { bodyProblem, formatBody, parseBody } from "./body-types.js";
import type { PdkAsk } from "../calls/callable-method.js";

const RAW = "kong.request.get_raw_body";
const READ = "kong.request.get_body";
const WRITE = "kong.service.request.set_body";
const TYPE = "content-type";

const isOptions = (value: unknown): value is { readonly maxSize?: unknown } => typeof value === "object" && value !== null;

/** `getRawBody({ maxSize })`: any body up to that size, and an error for a larger one before it travels, if it says its size. */
export async function readRawBody(ask: PdkAsk, [options]: readonly unknown[], plugin: string, method = RAW): Promise<unknown> {
  const maxSize = isOptions(options) ? options.maxSize : undefined;
  if (maxSize === undefined) return askRawBody(ask, plugin, method);
  if (typeof maxSize !== "number" || !(maxSize >= 1))
    throw new PdkError("PDK_BAD_ARGUMENT", { method, reason: "maxSize must be a number of bytes from 1 on, or Infinity" });
  const announced = Number((await ask("kong.request.get_header", ["content-length"])) ?? 0);
  if (announced > maxSize) throw tooLarge(method, announced, maxSize);
  const body = await askRawBody(ask, plugin, method);
  const size = body instanceof Uint8Array || typeof body === "string" ? Buffer.byteLength(body) : 0;
  if (size > maxSize) throw tooLarge(method, size, maxSize);
  return body;
}

/** Kong from 3.8 on takes 0 for a body of any size, and refuses one in a file without it; those before do not look at it. */
async function askRawBody(ask: PdkAsk, plugin: string, method: string): Promise<unknown> {
  try {
    return await ask(RAW, [0]);
  } catch (error) {
    // With a cause it is one of ours: the file in which a gateway of ProtoBuf:1 left the body cannot be read.
    if (!isPdkError(error) || error.code !== "PDK_CALL_FAILED" || error.cause !== undefined) throw error;
    throw await tooLargeForBuffer(ask, plugin, method, error);
  }
}

/** Up to 2.8 the gateway says that it has no such body, and never why nor how large it is. */
async function tooLargeForBuffer(ask: PdkAsk, plugin: string, method: string, cause: PdkError): Promise<PdkError> {
  // Only for the message, which can do without.
  const length = await ask("kong.request.get_header", ["content-length"]).catch(() => undefined);
  const size = typeof length === "string" ? `${length} bytes` : "a size that the request does not tell";
  const advice = "raise nginx_http_client_body_buffer_size in kong.conf, or use Kong 3.8 or later";
  const reason = `plugin ${plugin} reads a body of ${size}, which does not fit into client_body_buffer_size; ${advice} (${cause.message})`;
  return new PdkError("PDK_CALL_FAILED", { method, reason, cause });
}

function tooLarge(method: string, size: number, maxSize: number): PdkError {
  return new PdkError("PDK_BODY_TOO_LARGE", { method, reason: `it has ${size} bytes, and maxSize is ${maxSize}` });
}

/** `getBody(mimetype?, { maxSize }?)`. */
export async function readBody(ask: PdkAsk, [mimetype, options]: readonly unknown[], plugin: string): Promise<unknown> {
  const asked = typeof mimetype === "string" ? Promise.resolve(mimetype) : ask("kong.request.get_header", [TYPE]);
  const [contentType, raw] = await Promise.all([asked, readRawBody(ask, [options], plugin, READ)]);
  const body = raw instanceof Uint8Array ? Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength) : Buffer.alloc(0);
  if (typeof contentType !== "string") {
    if (body.length === 0) return undefined;
    throw new PdkError("PDK_BAD_BODY", { method: READ, reason: "the request names no content type: give one as argument" });
  }
  try {
    return parseBody(body, contentType);
  } catch (cause) {
    throw new PdkError("PDK_BAD_BODY", { method: READ, reason: `content type ${contentType}: ${bodyProblem(cause)}`, cause });
  }
}

/** `setBody(body, mimetype?)`: the body's bytes and its type, as two calls. */
export async function writeBody(ask: PdkAsk, [body, mimetype]: readonly unknown[]): Promise<true> {
  const contentType = mimetype ?? (await ask("kong.request.get_header", [TYPE]));
  if (typeof contentType !== "string")
    throw new PdkError("PDK_BAD_ARGUMENT", {
      method: WRITE,
      reason: "mimetype is missing, and the request names no content type",
    });
  const written = formatted(body as object, contentType);
  await Promise.all([
    ask("kong.service.request.set_header", [TYPE, written.contentType]),
    ask("kong.service.request.set_raw_body", [written.bytes]),
  ]);
  return true;
}

function formatted(body: object, contentType: string): ReturnType<typeof formatBody> {
  try {
    return formatBody(body, contentType);
  } catch (cause) {
    throw new PdkError("PDK_BAD_ARGUMENT", {
      method: WRITE,
      reason: `content type ${contentType}: ${bodyProblem(cause)}`,
      cause,
    });
  }
}

// Undoes a body's Content-Encoding, up to a size.
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, inflateRaw } from "node:zlib";
import { type DecodeOptions, TykError } from "../../api/index.js";
import { showShort } from "./http-rules.js";

/** Bytes. */
const MAX_SIZE = 16 * 1024 * 1024;
/** Each takes a decompression. */
const MAX_ENCODINGS = 3;
const ZLIB = 8;

type Decoder = (bytes: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

const unzip: Decoder = promisify(gunzip);
const unbrotli: Decoder = promisify(brotliDecompress);
const inflateZlib: Decoder = promisify(inflate);
const inflateBare: Decoder = promisify(inflateRaw);

/** Some servers leave the two bytes of the zlib format out. */
const undeflate: Decoder = (bytes, options) =>
  ((bytes[0] ?? ZLIB) & 0x0f) === ZLIB ? inflateZlib(bytes, options) : inflateBare(bytes, options);

const DECODERS: ReadonlyMap<string, Decoder> = new Map([
  ["gzip", unzip],
  ["x-gzip", unzip],
  ["deflate", undeflate],
  ["br", unbrotli],
]);

/** @throws {TykError} for encodings that are not known, broken bodies, and ones that are larger than `maxSize`. */
export async function decodeBody(
  bytes: Buffer,
  contentEncoding: string | undefined,
  { maxSize = MAX_SIZE }: DecodeOptions = {},
  subject: string,
): Promise<Buffer> {
  if (!(maxSize > 0)) throw new TykError("TYK_BAD_ARGUMENT", subject, `maxSize is a number of bytes, not ${showShort(maxSize)}`);
  const names = (contentEncoding ?? "").split(",").map((name) => name.trim().toLowerCase());
  const encodings = names.filter((name) => name !== "" && name !== "identity").reverse();
  if (encodings.length > MAX_ENCODINGS)
    throw new TykError("TYK_BAD_BODY", subject, `it is encoded ${encodings.length} times; ${MAX_ENCODINGS} are undone`);
  let decoded = bytes;
  // An empty body is empty in every encoding: servers send one without the encoding's own bytes.
  for (const encoding of bytes.length === 0 ? [] : encodings) decoded = await undo(encoding, decoded, maxSize, subject);
  if (decoded.length > maxSize) throw tooLarge(maxSize, subject);
  return decoded === bytes ? Buffer.from(bytes) : decoded;
}

async function undo(encoding: string, bytes: Buffer, maxSize: number, subject: string): Promise<Buffer> {
  const decode = DECODERS.get(encoding);
  if (decode === undefined)
    throw new TykError(
      "TYK_BAD_BODY",
      subject,
      `${showShort(encoding)} is not undone here: only ${[...DECODERS.keys()].join(", ")}`,
    );
  try {
    return await decode(bytes, { maxOutputLength: maxSize });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge(maxSize, subject);
    throw new TykError("TYK_BAD_BODY", subject, `it is not ${encoding}`, { cause });
  }
}

const tooLarge = (maxSize: number, subject: string): TykError =>
  new TykError("TYK_BODY_TOO_LARGE", subject, `it is larger than ${maxSize} bytes when decoded: see maxSize`);

// Reads what a bundle comes from, a server or a file, within a limit of bytes; and says who asks a server, and why it could not be asked.
import { open } from "node:fs/promises";
import { unescape } from "node:querystring";
import { messageOf } from "../../../core/model/index.js";

/** Undefined where there are more bytes than `limit`: the rest is not read then. */
async function readWithin(chunks: AsyncIterable<Uint8Array>, limit: number): Promise<Buffer | undefined> {
  const read: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limit) return undefined;
    read.push(chunk);
  }
  return Buffer.concat(read);
}

/** Undefined where the body has more bytes than `limit`: it is cancelled then. */
export const readBodyWithin = (response: Response, limit: number): Promise<Buffer | undefined> =>
  readWithin((response.body ?? []) as AsyncIterable<Uint8Array>, limit);

/** Undefined where the file has more bytes than `limit`, also one that grows. */
export async function readFileWithin(path: string, limit: number): Promise<Buffer | undefined> {
  const file = await open(path);
  try {
    return await readWithin(file.createReadStream({ autoClose: false }) as AsyncIterable<Uint8Array>, limit);
  } finally {
    await file.close();
  }
}

/** The header for what lets in that is in an address; none where nothing is. */
export function authorizationOf({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === "") return {};
  return { authorization: `Basic ${Buffer.from(`${unescape(username)}:${unescape(password)}`).toString("base64")}` };
}

/** What OpenSSL says where it knows nobody who has signed the server's certificate. */
const UNKNOWN_SIGNERS: ReadonlySet<unknown> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);
const OWN_AUTHORITY = " (where an authority of your own has signed it, start with NODE_EXTRA_CA_CERTS=FILE, its certificate)";

/** What fetch itself says is "fetch failed". */
export function fetchReason(error: unknown): string {
  const { cause } = error instanceof Error ? error : {};
  if (cause instanceof Error) {
    const hint = "code" in cause && UNKNOWN_SIGNERS.has(cause.code) ? OWN_AUTHORITY : "";
    return `${cause.message === "" ? cause.name : cause.message}${hint}`;
  }
  return messageOf(error);
}

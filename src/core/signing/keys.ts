// Owns signing keys and trusted keys: ed25519, as PEM files of openssl have them.
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { PluginServerError } from "../model/index.js";

export interface BuildSignature {
  /** Id of the key that it says it is signed with. */
  readonly keyId: string;
  readonly value: Buffer;
  /** What was signed: everything before. */
  readonly content: Buffer;
}

/** So that a signature of ours is good for nothing else. */
const CONTEXT = Buffer.from("pluginserver build 1\n");
const PEM_BLOCK = /-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/g;

export interface SigningKey {
  readonly id: string;
  sign(content: Buffer): Buffer;
}

export interface TrustedKey {
  /** The first 16 hex digits of the SHA-256 of its public half. */
  readonly id: string;
  readonly key: KeyObject;
}

/** A file that does not hold the key it should; the message ends a sentence that names the file. */
class StampKeyError extends PluginServerError<"STAMP_KEY_INVALID"> {
  override readonly name = "StampKeyError";

  constructor(message: string, options?: ErrorOptions) {
    super("STAMP_KEY_INVALID", message, options);
  }
}

/** @throws {StampKeyError} where `pem` is no private ed25519 key. */
export function readSigningKey(pem: string): SigningKey {
  const key = parse(
    () => createPrivateKey(pem),
    "no private key in PEM that can be read: make one with openssl genpkey -algorithm ed25519",
  );
  return { id: idOf(createPublicKey(key)), sign: (content) => sign(null, Buffer.concat([CONTEXT, content]), key) };
}

/** The keys in a PEM file. Where one is private its public half is meant. @throws {StampKeyError} where there is none. */
export function readTrustedKeys(pem: string): TrustedKey[] {
  const blocks = pem.match(PEM_BLOCK) ?? [];
  if (blocks.length === 0) throw new StampKeyError("no key in PEM: make one with openssl pkey -in PRIVATE -pubout");
  return blocks.map((block) => {
    const key = parse(
      () => createPublicKey(block),
      "no public key in PEM that can be read: make one with openssl pkey -in PRIVATE -pubout",
    );
    return { id: idOf(key), key };
  });
}

/** Whether this key made the signature. */
export function verifySignature({ value, content }: BuildSignature, { key }: TrustedKey): boolean {
  return verify(null, Buffer.concat([CONTEXT, content]), key, value);
}

function parse(read: () => KeyObject, otherwise: string): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch (cause) {
    throw new StampKeyError(otherwise, { cause });
  }
  if (key.asymmetricKeyType !== "ed25519")
    throw new StampKeyError(`a key of the type ${key.asymmetricKeyType ?? "unknown"}, and ed25519 is needed`);
  return key;
}

function idOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(der).digest("hex").slice(0, 16);
}

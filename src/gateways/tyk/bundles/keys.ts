// Owns the RSA keys that sign and verify bundles, as the gateway's own tool makes and checks signatures.
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { BundleError } from "./errors.js";

export interface BundleKey {
  /** Base64 of RSA PKCS#1 v1.5 with SHA-256. */
  sign(content: Buffer): string;
}

export interface VerifyingKey {
  verify(content: Buffer, signature: string): boolean;
}

const ALGORITHM = "RSA-SHA256";

/** @throws {BundleError} where `pem` is no private RSA key. */
export function readBundleKey(pem: string): BundleKey {
  const key = parse(
    () => createPrivateKey(pem),
    "there is no private key in PEM: make one with openssl genrsa -out key.pem 2048",
  );
  return { sign: (content) => sign(ALGORITHM, content, key).toString("base64") };
}

/** @throws {BundleError} where `pem` is no public RSA key. Of a private one the public half is meant. */
export function readPublicKey(pem: string): VerifyingKey {
  const key = parse(
    () => createPublicKey(pem),
    "there is no public key in PEM: make one with openssl rsa -in key.pem -pubout -out pub.pem",
  );
  return { verify: (content, signature) => verify(ALGORITHM, content, key, Buffer.from(signature, "base64")) };
}

function parse(read: () => KeyObject, otherwise: string): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch (error) {
    throw new BundleError("TYK_BUNDLE_KEY", otherwise, { cause: error });
  }
  if (key.asymmetricKeyType === "rsa") return key;
  throw new BundleError(
    "TYK_BUNDLE_KEY",
    `it is of the type ${key.asymmetricKeyType ?? "unknown"}, and the gateway takes RSA alone`,
  );
}

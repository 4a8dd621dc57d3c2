// Reads the key files of the command line.
import { readFile } from "node:fs/promises";
import { CommandError } from "../../core/model/index.js";
import { readSigningKey, readTrustedKeys, type SigningKey, type TrustedKey } from "../../core/signing/index.js";

/** @throws {CommandError} naming the file. */
export async function trustedKeys(paths: readonly string[]): Promise<TrustedKey[]> {
  return (await Promise.all(paths.map((path) => readKeys("trust", path, readTrustedKeys)))).flat();
}

/** @throws {CommandError} naming the file. */
export async function signingKey(path: string | undefined): Promise<SigningKey | undefined> {
  return path === undefined ? undefined : readKeys("sign", path, readSigningKey);
}

async function readKeys<Keys>(flag: string, path: string, parse: (pem: string) => Keys): Promise<Keys> {
  try {
    return parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new CommandError(`-${flag} ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

// What tests of built plugins share: keys, and what a server says of a folder.
import { generateKeyPairSync } from "node:crypto";
import { runCli, type TempDir } from "../support/index.js";

/** `NAME.pem` to sign with, and `NAME.pub` to trust. */
export function writeKeys(temp: TempDir, name: string): void {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  temp.write(`${name}.pem`, privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  temp.write(`${name}.pub`, publicKey.export({ type: "spki", format: "pem" }).toString());
}

/** Errors that check has for the plugin in a folder, or none. */
export async function refusals(folder: string, flags: readonly string[] = []): Promise<readonly string[]> {
  const { stdout } = await runCli(["check", folder, "-json", ...flags]);
  const { plugins } = JSON.parse(stdout.toString()) as { plugins: { name: string; errors: string[] }[] };
  return plugins.flatMap(({ errors }) => errors);
}

// Says which version this is, in the two lines that gateways read.
import { readFile } from "node:fs/promises";

const PACKAGE = new URL("../../../../package.json", import.meta.url);

export async function packageVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(PACKAGE, "utf8")) as { version: string };
  return version;
}

/** `Version: X` and `Runtime Version: Y`, as go-pluginserver prints them. */
export async function versionText(): Promise<string> {
  return `Version: ${await packageVersion()}\nRuntime Version: node ${process.version}\n`;
}

// Owns the process's real stdout: dumps, versions and help go there, and nothing else ever does.
import { createWriteStream } from "node:fs";
import { once } from "node:events";

const DEFAULT_STDOUT = 1;

/** Descriptor of the real stdout. `bin/pluginserver` moves it out of the reach of plugin code and tells here. */
function claimStdout(): number {
  const fd = Number(process.env["PLUGINSERVER_STDOUT_FD"] ?? DEFAULT_STDOUT);
  // Plugins and what they start are not to know it.
  delete process.env["PLUGINSERVER_STDOUT_FD"];
  return Number.isInteger(fd) ? fd : DEFAULT_STDOUT;
}

const stdout = claimStdout();

/** Writes to the real stdout and resolves when it is written. */
export async function writeOutput(content: string | Uint8Array): Promise<void> {
  const stream = createWriteStream("", { fd: stdout, autoClose: false });
  stream.end(content);
  await once(stream, "finish");
}

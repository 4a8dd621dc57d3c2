// Writes a line to the log of a command line that serves, for the process that holds its sockets: that one has loaded no log.
import { type LogOptions, logLine } from "../../../core/log/index.js";
import { programName } from "../../../core/supervisor/index.js";
import { parseEmbedded } from "../../program/index.js";
import { programSettings, serverSettings } from "../../settings/index.js";
import { parseCommandLine } from "../command-line/options.js";

export async function logLastLine(argv: readonly string[], text: string): Promise<void> {
  const options = await logOptionsOf(argv);
  if (options !== undefined) await logLine(options, text);
}

async function logOptionsOf(argv: readonly string[]): Promise<LogOptions | undefined> {
  const [first, plugin = "", ...flags] = argv;
  if (first === "run") return parseEmbedded(flags, programName(plugin), await programSettings(flags)).log;
  const invocation = parseCommandLine(argv, await serverSettings(argv));
  return invocation.command === "serve" ? invocation.options.log : undefined;
}

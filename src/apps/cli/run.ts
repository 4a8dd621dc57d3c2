// Runs one command line and says with which status the process is to end.
import { saysAllInOneLine, UsageError } from "../../core/model/index.js";
import { STDOUT, writeOutput } from "../program/index.js";
import { writeStderr } from "../../core/log/index.js";
import type { EarlySockets } from "../../core/supervisor/index.js";
import type { Invocation } from "./command-line/invocation.js";
import { parseCommandLine } from "./command-line/options.js";
import { serverSettings, Settings } from "../settings/index.js";
import { versionText } from "./projects/project-files.js";

/**
 * Resolves with 0 for success, 1 for a command that failed, 2 for a command line that cannot be understood. `writeStderrBy` is told how what
 * is written to stderr is to be written from now on.
 */
export async function run(
  argv: readonly string[],
  sockets: EarlySockets | undefined,
  writeStderrBy: (write: (text: string) => void) => void,
): Promise<number> {
  writeStderrBy(writeStderr);
  let settings = Settings.NONE;
  try {
    // A program's command line is its own: behind the plugin's path stand the flags that the program itself would take.
    if (argv[0] === "run") return await runPlugin(argv.slice(1), sockets);
    settings = await serverSettings(argv);
    return await execute(parseCommandLine(argv, settings), sockets);
  } catch (error) {
    return report(settings.explain(error));
  }
}

async function runPlugin([path, ...flags]: readonly string[], sockets: EarlySockets | undefined): Promise<number> {
  if (path === undefined || path.startsWith("-"))
    throw new UsageError("run takes a plugin: pluginserver run PLUGIN [-flag value]…");
  return (await import("../program/index.js")).runFile(path, flags, sockets);
}

// Each command is loaded when it runs: a dump is on a gateway's way up and needs no server.
async function execute(invocation: Invocation, sockets: EarlySockets | undefined): Promise<number> {
  // What holds the sockets ends as its server did.
  if (invocation.command === "serve") return (await import("./commands/serve.js")).serve(invocation.options, sockets);
  await perform(invocation);
  return 0;
}

async function perform(invocation: Exclude<Invocation, { command: "serve" }>): Promise<void> {
  switch (invocation.command) {
    case "help":
      return writeOutput(invocation.text);
    case "version":
      return writeOutput(await versionText());
    case "dump-all":
      return (await import("./commands/dump.js")).dumpAll(invocation.options);
    case "dump":
      return (await import("./commands/dump.js")).dumpOne(invocation.name, invocation.options);
    case "dump-plugin-info":
      return (await import("./commands/dump.js")).dumpPluginInfo(invocation.name, invocation.options);
    case "try":
      return (await import("./commands/try.js")).tryOut(invocation.options);
    case "check":
      return (await import("./commands/check.js")).check(invocation.options);
    case "build":
      return (await import("./commands/build.js")).build(invocation.options);
    case "init":
      return (await import("./commands/init.js")).init(invocation.options);
    case "kong-conf":
      return (await import("./commands/kong-conf.js")).kongConf(invocation.options);
    case "tyk-conf":
      return (await import("./commands/tyk-conf.js")).tykConf(invocation.options);
    case "config":
      return (await import("./commands/config.js")).printConfig(invocation.options);
    case "bundle":
      return (await import("./commands/bundle.js")).bundle(invocation.options);
    case "operate":
      return (await import("../console/index.js")).operate(invocation.request, { print: writeOutput, descriptor: STDOUT });
  }
}

/** Known errors are one line; for anything else the stack is what a bug report needs. */
function report(error: unknown): 1 | 2 {
  const text = saysAllInOneLine(error) ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  const usage = error instanceof UsageError;
  writeStderr(`pluginserver: ${text}${usage ? "; see pluginserver -help" : ""}\n`);
  return usage ? 2 : 1;
}

// The tyk-conf command: what a Tyk gateway needs to call the plugins of a directory.
import { createLogger } from "../../../core/log/index.js";
import { CommandError, UsageError } from "../../../core/model/index.js";
import { tykSettings, tykText } from "../../../gateways/tyk/conf/index.js";
import { requireAddress } from "../../flags/index.js";
import { writeOutput } from "../../program/index.js";
import type { TykConfOptions } from "../command-line/invocation.js";
import { requireRelease } from "../command-line/tyk-release.js";
import { loadForAll, reportProblems, tykHooks } from "../load-directory.js";

/** @throws {CommandError} where there is nothing to configure, or the release cannot do it. */
export async function tykConf(options: TykConfOptions): Promise<void> {
  const release = requireRelease(options.tykVersion);
  const address = requireAddress(options.address);
  if (address.kind === "tcp" && address.port === 0)
    throw new UsageError(`-tyk ${options.address}: a gateway needs the port itself`);
  const logger = createLogger(options.log);
  const all = await loadForAll(options, logger);
  reportProblems(all, logger);
  const { chain, movable } = tykHooks(all, logger);
  if (Object.values(chain).every(({ length }) => length === 0))
    throw new CommandError(`there is no plugin for Tyk in ${options.pluginsDirectory} that could be served`);
  const server = { address, maxMessageSize: options.maxMessageSize, hooks: chain, movable };
  await writeOutput(tykText(tykSettings(server, release, options.oas ? "oas" : "classic"), options.format));
}

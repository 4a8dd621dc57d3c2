// The build command: each plugin becomes one file that a server takes as it is.
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { CommandError } from "../../../core/model/index.js";
import { createLogger } from "../../../core/log/index.js";
import { writeOutput, SERVER_ENTRY } from "../../program/index.js";
import {
  BuildError,
  type NodeBinary,
  type BuiltPlugin,
  buildPlugin,
  buildServer,
  buildStandalone,
  type BuiltServer,
  readNodeBinary,
  type StandalonePlugin,
} from "../../../build/index.js";
import { loadOptions, signingKey } from "../load-directory.js";
import type { BuildCommandOptions } from "../command-line/invocation.js";
import { packageVersion } from "../projects/project-files.js";

/** @throws {CommandError} where one could not be built; the others are. */
export async function build(options: BuildCommandOptions): Promise<void> {
  const { plugins, out, sign, standalone } = options;
  const node = options.node === undefined ? undefined : await nodeBinary(options.node);
  if (options.server && node !== undefined) return buildOwnServer(out, node);
  const key = await signingKey(sign);
  const logger = createLogger(options.log);
  const load = await loadOptions(options, logger);
  const version = await packageVersion();
  const failures: string[] = [];
  for (const plugin of plugins) {
    try {
      const isProgram = standalone || node !== undefined;
      const built = isProgram
        ? await buildStandalone(plugin, { out, version, load, node, serverEntry: SERVER_ENTRY })
        : await buildPlugin(plugin, { out, version, key, load });
      for (const warning of built.warnings) logger.warn(`${plugin}: ${warning}`);
      await writeOutput("stamp" in built ? describe(built, key?.id) : describeProgram(built, node));
    } catch (error) {
      if (!(error instanceof BuildError)) throw error;
      failures.push(`${plugin}: ${error.message}`);
    }
  }
  if (failures.length > 0) throw new CommandError(`not built: ${failures.join("\n")}`);
}

const PACKAGE_ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const SERVER_START = fileURLToPath(new URL("../../executable/index.js", import.meta.url));

async function buildOwnServer(out: string, node: NodeBinary): Promise<void> {
  try {
    const built = await buildServer({ out, node, root: PACKAGE_ROOT, entry: SERVER_START });
    await writeOutput(describeServer(built, await packageVersion(), node));
  } catch (error) {
    if (error instanceof BuildError) throw new CommandError(error.message);
    throw error;
  }
}

function describeServer({ file, size, unpackedSize, times }: BuiltServer, version: string, node: NodeBinary): string {
  const time =
    times === undefined
      ? "not tried on this machine"
      : `says its version in ${Math.round(times.version)} ms, the first time in ${Math.round(times.version + times.unpacking)} ms`;
  const facts = [megabytes(size), `Node.js ${node.version}`, `unpacks ${megabytes(unpackedSize)} where it runs first`, time];
  return `pluginserver ${version}: ${relative(process.cwd(), file)} (executable, ${facts.join(", ")})\n`;
}

const megabytes = (size: number): string => `${Math.ceil(size / 2 ** 20)} MB`;
const kilobytes = (size: number): string => `${Math.ceil(size / 1024)} KB`;

function describeProgram({ name, version, api, file, size, dumpTime }: StandalonePlugin, node: NodeBinary | undefined): string {
  const time = dumpTime === undefined ? "not tried on this machine" : `a dump takes ${Math.round(dumpTime)} ms`;
  const facts = [`PDK ${api}`, kilobytes(size), ...(node === undefined ? [] : [`Node.js ${node.version}`, time])];
  return `${name} ${version}: ${relative(process.cwd(), file)} (executable, ${facts.join(", ")})\n`;
}

async function nodeBinary(path: string): Promise<NodeBinary> {
  try {
    return await readNodeBinary(path);
  } catch (error) {
    if (error instanceof BuildError) throw new CommandError(error.message);
    throw error;
  }
}

function describe({ file, nativeFolder, stamp, size }: BuiltPlugin, keyId: string | undefined): string {
  const { plugin, version, api } = stamp;
  const facts = [`PDK ${api}`, kilobytes(size), ...(keyId === undefined ? [] : [`signed with ${keyId}`])];
  const beside = nativeFolder === undefined ? "" : ` and ${relative(process.cwd(), nativeFolder)}/`;
  return `${plugin} ${version}: ${relative(process.cwd(), file)}${beside} (${facts.join(", ")})\n`;
}

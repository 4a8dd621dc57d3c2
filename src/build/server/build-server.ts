// Builds the server itself as an executable: Node.js, and the package with all that it needs, which it unpacks where it runs first.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, readFile, realpath, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { build } from "esbuild";
import { messageOf } from "../../core/model/index.js";
import { BuildError } from "../build-error.js";
import { OLDEST_NODE } from "../bundle-plugin.js";
import { type ExecutableContents, writeExecutable } from "../executable.js";
import type { NodeBinary } from "../node-binary.js";
import { onStage } from "../stage.js";
import { type PackageFile, packageFiles } from "./package-files.js";

export interface ServerBuildOptions {
  /** Where the executable goes. */
  readonly out: string;
  readonly node: NodeBinary;
  /** Absolute path of this package. */
  readonly root: string;
  /** Absolute path of the module that an executable starts with. */
  readonly entry: string;
}

export interface BuiltServer {
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** Bytes that it takes on the disk where it runs. */
  readonly unpackedSize: number;
  /** Milliseconds that its first start takes longer, and any other to say its version; undefined where this machine does not run it. */
  readonly times: { readonly unpacking: number; readonly version: number } | undefined;
}

const NAME = "pluginserver";
const EXECUTABLE = 0o755;
const PATIENCE = 60_000;

/** @throws {BuildError} */
export async function buildServer({ out, node, root, entry }: ServerBuildOptions): Promise<BuiltServer> {
  const files = await packageFiles(await realpath(root), node.platform);
  const contents = await serverContents(files, entry);
  return onStage(out, async ({ folder, stage }) => {
    const staged = join(stage, NAME);
    await writeExecutable(contents, node, staged, stage);
    await chmod(staged, EXECUTABLE);
    const times = node.runs ? await startTimes(staged, stage) : undefined;
    const file = join(folder, NAME);
    await rename(staged, file);
    const { size } = await stat(file);
    const unpackedSize = files.reduce((sum, each) => sum + each.size, 0);
    return { file, size, unpackedSize, times };
  });
}

/** As src/apps/executable/unpacked-package.ts reads it. */
async function serverContents(files: readonly PackageFile[], entry: string): Promise<ExecutableContents> {
  const bytes = Buffer.concat(await Promise.all(files.map(({ path }) => readFile(path))));
  const list = files.map(({ name, size, mode }) => [name, size, mode]);
  const digest = createHash("sha256").update(JSON.stringify(list)).update(bytes).digest("hex");
  return {
    main: await mainScript(entry),
    assets: {
      list: JSON.stringify({ digest: digest.slice(0, 32), files: list }),
      package: await promisify(gzip)(bytes, { level: 9 }),
    },
  };
}

async function mainScript(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    target: `node${OLDEST_NODE}`,
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

/** It has shown that it runs when it has said its version. */
async function startTimes(file: string, stage: string): Promise<BuiltServer["times"]> {
  const env = { ...process.env, CACHE_DIRECTORY: join(stage, "cache") };
  const once = async (): Promise<number> => {
    const start = performance.now();
    try {
      await promisify(execFile)(file, ["-version"], { env, timeout: PATIENCE });
    } catch (error) {
      throw new BuildError("BUILD_SERVER", messageOf(error), { cause: error });
    }
    return performance.now() - start;
  };
  const first = await once();
  const version = await once();
  return { unpacking: Math.max(0, first - version), version };
}

// Owns a root directory that has nothing but an executable and the libraries that it names, and what it takes to run something there.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, existsSync, mkdirSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { basename, dirname, join } from "node:path";
import { expect } from "vitest";

/** Nobody's, and no root's: without home and name. */
export const USER = 54_321;
/** Making an executable and loading it takes long where all cores are busy. */
export const PATIENCE = 240_000;
export const canChangeRoot = process.getuid?.() === 0 && spawnSync("chroot", ["/", "true"]).status === 0;

/** Has it made with the executables in `/bin`, the libraries of the first, of which Node.js needs those of C and C++, and folders for everybody. */
export function makeBareRoot(root: string, executables: readonly [string, ...string[]], folders: readonly string[]): void {
  for (const folder of ["bin", ...folders]) mkdirSync(join(root, folder), { recursive: true });
  for (const folder of folders) chmodSync(join(root, folder), 0o1777);
  for (const file of executables) copyFileSync(file, join(root, "bin", basename(file)));
  const { stdout } = spawnSync("ldd", [executables[0]], { encoding: "utf8" });
  for (const [library] of stdout.matchAll(/\/\S+\.so\S*/g)) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
}

/** The command that runs one of them there as that user. */
export const inRoot = (root: string, program: string, args: readonly string[]): [string, ...string[]] => [
  "chroot",
  `--userspec=${USER}:${USER}`,
  root,
  `/bin/${program}`,
  ...args,
];

/** The command serves a Tyk gateway at this socket, until it is told to end. */
export async function expectTyk([file, ...args]: readonly [string, ...string[]], socketPath: string, env = {}): Promise<void> {
  const child = spawn(file, args, { stdio: "ignore", env: { ...process.env, ...env } });
  const ended = once(child, "exit");
  await expect.poll(() => existsSync(socketPath), { timeout: 20_000 }).toBe(true);
  const session = connectHttp2("http://localhost", { createConnection: () => connect(socketPath) });
  await once(session, "remoteSettings");
  session.close();
  child.kill("SIGTERM");
  expect((await ended)[0]).toBe(0);
}

// The door of runtime: how a script of the package is started with the Node.js that this process is, which may be an executable with the server in it,
// and the folders of this user. A command loads it before all else.
import { lstatSync, mkdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { isSea } from "node:sea";

export interface NodeCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

interface ScriptRequest {
  /** Absolute path. */
  readonly script: string;
  readonly args: readonly string[];
  /** Flags of Node.js, such as it takes in NODE_OPTIONS too. */
  readonly flags?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Has an executable run a script in place of its own command line. It takes no flags of Node.js: they are in NODE_OPTIONS, for it alone. */
const SCRIPT = "PLUGINSERVER_SCRIPT";
const MARK = Symbol.for("pluginserver.executable");

/** Said once, in the main thread of the process. */
export function markServerExecutable(): void {
  Object.defineProperty(globalThis, MARK, { value: true });
}

/** Whether this process is the executable that has the server and its whole package in it, and not one plugin. */
export const isServerExecutable = (): boolean => isSea() && MARK in globalThis;

export function nodeCommand({ script, args, flags = [], env }: ScriptRequest): NodeCommand {
  if (!isServerExecutable()) return { file: process.execPath, args: [...flags, script, ...args], env };
  return { file: process.execPath, args, env: { ...env, ...scriptVariables(script, flags, env) } };
}

/** `script` is undefined where the executable is to run its command line. */
export function scriptVariables(
  script: string | undefined,
  flags: readonly string[],
  { NODE_OPTIONS: own }: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const request = { ...(script === undefined ? {} : { script }), ...(own === undefined ? {} : { options: own }) };
  return { [SCRIPT]: JSON.stringify(request), NODE_OPTIONS: [own ?? "", ...flags].join(" ").trim() };
}

/** The script that this process was started for; its environment is then as it was meant to be. */
export function takeScript(): string | undefined {
  const { [SCRIPT]: text } = process.env;
  if (text === undefined) return undefined;
  Reflect.deleteProperty(process.env, SCRIPT);
  const { script, options } = JSON.parse(text) as { readonly script?: string; readonly options?: string };
  if (options === undefined) Reflect.deleteProperty(process.env, "NODE_OPTIONS");
  else process.env["NODE_OPTIONS"] = options;
  return script;
}

/** As systemd and the desktops name it. A path that is empty or relative counts as none. */
export function userCache(): string {
  const { CACHE_DIRECTORY, XDG_CACHE_HOME } = process.env;
  const named = [CACHE_DIRECTORY?.split(":", 1)[0], XDG_CACHE_HOME];
  return named.find((path) => path !== undefined && isAbsolute(path)) ?? join(homedir(), ".cache");
}

/**
 * With those above it. Node.js itself would try for ever where a file system lets nobody make folders, as /proc does.
 * @throws {Error} where it cannot be made.
 */
export function makeFolder(path: string, mode = 0o777): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return;
  // Its error says what is in the way.
  if (found !== undefined) mkdirSync(path);
  if (dirname(path) !== path) makeFolder(dirname(path), mode);
  makeOneFolder(path, mode);
}

/** Permission bits: nobody but the user can even read it. */
const OTHERS = 0o077;

/** Whether there is a folder of this user's, and no link to one, that gives others none of these permissions. */
export function isOwnFolder(path: string, forbidden = OTHERS): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === process.geteuid?.() && (found.mode & forbidden) === 0;
}

/** @throws {Error} where it is not a folder of this user's that nobody else can change. */
export function requireOwnFolder(path: string): void {
  makeOneFolder(path, 0o700);
  const stat = lstatSync(path);
  if (!stat.isDirectory()) throw new Error(`${path} is no folder`);
  if (stat.uid !== process.geteuid?.()) throw new Error(`${path} belongs to another user`);
  if ((stat.mode & 0o022) !== 0) throw new Error(`${path} can be changed by others`);
}

/** Nothing happens where something has the name. */
export function makeOneFolder(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

// Notes what a module asks of the world while it is loaded: what it says of itself may depend on that.
import childProcess from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import type { LoadTraces } from "../../channel/index.js";

/** Of the names of variables: a module that asks for more has asked for all. */
const MAX_NAMES = 200;
/** Stands for all variables. */
const ALL = "*";

/** What reads or changes files by their paths; finding where a path leads is Node.js's own business. */
const FILE_FUNCTIONS = [
  "access appendFile chmod copyFile cp exists link lstat mkdir mkdtemp open opendir readdir readFile readlink rename rm rmdir",
  "stat statfs symlink truncate unlink utimes watch watchFile writeFile createReadStream createWriteStream openAsBlob",
]
  .join(" ")
  .split(" ");

/** Node.js itself reads these when a package is required; which packages they are is known otherwise. */
const OF_PACKAGE = /[\\/]node_modules[\\/]/;

export class TraceRecorder {
  #variables = new Set<string>();
  #isRepeatable = true;

  /** Begins to note. For a thread that does nothing else than to load modules, one after another. */
  install(): void {
    const note = (): void => {
      this.#isRepeatable = false;
    };
    process.env = this.#noting(process.env);
    for (const name of FILE_FUNCTIONS) {
      for (const functions of [fs, fs.promises]) {
        for (const variant of [name, `${name}Sync`]) noteCalls(functions, variant, (path) => isOwnFile(path) && note());
      }
    }
    noteCalls(net.Socket.prototype, "connect", note);
    for (const name of ["spawn", "spawnSync", "exec", "execSync", "execFile", "execFileSync", "fork"])
      noteCalls(childProcess, name, note);
    noteCalls(process, "cwd", note);
    syncBuiltinESMExports();
  }

  /** What was noted since the last time, for a module that has `init` or has none. */
  take(hasInit: boolean): LoadTraces {
    const variables = this.#variables.size > MAX_NAMES || this.#variables.has(ALL) ? [ALL] : [...this.#variables].sort();
    const traces = { variables, isRepeatable: this.#isRepeatable, hasInit };
    this.#variables = new Set();
    this.#isRepeatable = true;
    return traces;
  }

  #noting(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    const note = (name: string | symbol): void => {
      if (typeof name === "string") this.#variables.add(name);
    };
    return new Proxy(environment, {
      get: (target, name) => {
        note(name);
        return Reflect.get(target, name) as unknown;
      },
      has: (target, name) => {
        note(name);
        return Reflect.has(target, name);
      },
      getOwnPropertyDescriptor: (target, name) => {
        note(name);
        return Reflect.getOwnPropertyDescriptor(target, name);
      },
      ownKeys: (target) => {
        note(ALL);
        return Reflect.ownKeys(target);
      },
    });
  }
}

const isOwnFile = (path: unknown): boolean => !OF_PACKAGE.test(String(path));

function noteCalls(functions: object, name: string, note: (first: unknown) => unknown): void {
  const original: unknown = Reflect.get(functions, name);
  if (typeof original !== "function") return;
  const noting = function (this: unknown, ...args: unknown[]): unknown {
    note(args[0]);
    return Reflect.apply(original, this, args);
  };
  // Its own promisified form, its name and its length are the function's as well.
  Object.defineProperties(noting, Object.getOwnPropertyDescriptors(original));
  Reflect.set(functions, name, noting);
}

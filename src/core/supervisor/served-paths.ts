// Owns the paths that a server serves by itself: while no server does, clients wait there.
import { CoveredPath } from "../net/index.js";
import type { ServedPath } from "./messages.js";

interface Kept {
  readonly covered: CoveredPath;
  /** Whether the present server knows of it. */
  isExpected: boolean;
}

export class ServedPaths {
  readonly #kept = new Map<string, Kept>();
  readonly #onError: (error: Error) => void;

  /** An error is a path that could not be taken: clients are refused there until it is served. */
  constructor(onError: (error: Error) => void) {
    this.#onError = onError;
  }

  /** What the server says of one. */
  changed({ path, mode, state }: ServedPath): void {
    const kept = this.#keep(path, mode);
    kept.isExpected = true;
    if (state === "left") this.#drop(path, kept);
    else if (state === "served") kept.covered.served();
  }

  /** Before the first server: these are what it is likely to serve. */
  expect(paths: readonly { readonly path: string; readonly mode: number }[]): void {
    for (const { path, mode } of paths) this.#keep(path, mode).covered.unserved();
  }

  /** The server is gone: its clients wait for the next one. */
  serverGone(): void {
    for (const kept of this.#kept.values()) {
      kept.isExpected = false;
      kept.covered.unserved();
    }
  }

  /** The server has started: it serves all that it will. */
  serverStarted(): void {
    for (const [path, kept] of this.#kept) if (!kept.isExpected) this.#drop(path, kept);
  }

  /** Those that another server has taken: all of them, or some. */
  async taken(): Promise<{ readonly paths: readonly string[]; readonly areAll: boolean }> {
    const found = await Promise.all(
      [...this.#kept].map(async ([path, { covered }]) => ({ path, isTaken: await covered.isTakenOver() })),
    );
    const paths = found.filter(({ isTaken }) => isTaken).map(({ path }) => path);
    return { paths, areAll: paths.length > 0 && paths.length === found.length };
  }

  async close(): Promise<void> {
    const all = [...this.#kept.values()];
    this.#kept.clear();
    await Promise.all(all.map(({ covered }) => covered.close()));
  }

  #keep(path: string, mode: number): Kept {
    const known = this.#kept.get(path);
    if (known !== undefined) return known;
    const kept = { covered: new CoveredPath({ path, mode, onError: this.#onError }), isExpected: false };
    this.#kept.set(path, kept);
    return kept;
  }

  #drop(path: string, { covered }: Kept): void {
    this.#kept.delete(path);
    covered.leave();
  }
}

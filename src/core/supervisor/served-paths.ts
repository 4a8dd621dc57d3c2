// Owns the paths that a server serves by itself: while no server does, clients wait there.
import { inodeAt, PathCover } from "../net/index.js";
import type { ServedPath } from "./messages.js";

interface Kept {
  readonly mode: number;
  /** Whether the present server knows of it. */
  isExpected: boolean;
  /** Of what the present server has at the path. */
  inode: bigint | undefined;
  cover: Promise<PathCover | undefined>;
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
    else if (state === "served") {
      kept.inode = inodeAt(path);
      this.#lead(kept);
    }
  }

  /** Before the first server: these are what it is likely to serve. */
  expect(paths: readonly { readonly path: string; readonly mode: number }[]): void {
    for (const { path, mode } of paths) this.#cover(path, this.#keep(path, mode));
  }

  /** The server is gone: its clients wait for the next one. */
  serverGone(): void {
    for (const [path, kept] of this.#kept) {
      kept.isExpected = false;
      this.#cover(path, kept);
    }
  }

  /** The server has started: it serves all that it will. */
  serverStarted(): void {
    for (const [path, kept] of this.#kept) if (!kept.isExpected) this.#drop(path, kept);
  }

  async close(): Promise<void> {
    const covers = [...this.#kept.values()].map(({ cover }) => cover);
    this.#kept.clear();
    await Promise.all(covers.map(async (cover) => (await cover)?.close()));
  }

  #keep(path: string, mode: number): Kept {
    const known = this.#kept.get(path);
    if (known !== undefined) return known;
    const kept = { mode, isExpected: false, inode: undefined, cover: Promise.resolve(undefined) };
    this.#kept.set(path, kept);
    return kept;
  }

  #cover(path: string, kept: Kept): void {
    kept.cover = kept.cover
      .then((cover) => PathCover.renew(cover, { path, mode: kept.mode, dead: kept.inode }))
      .catch((error: unknown) => {
        this.#onError(error instanceof Error ? error : new Error(String(error)));
        return undefined;
      });
  }

  #lead(kept: Kept): void {
    kept.cover = kept.cover.then(async (cover) => {
      await cover?.lead();
      return undefined;
    });
  }

  #drop(path: string, kept: Kept): void {
    this.#kept.delete(path);
    kept.cover.then((cover) => cover?.close()).catch(this.#onError);
  }
}

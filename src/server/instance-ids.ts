// Hands out instance ids that no server on the same socket path has used before, however it ended.
import { closeSync, openSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Ids are int32 in ProtoBuf:1. They come in blocks, each of which belongs to one server. */
const BLOCK_SIZE = 2 ** 16;
const BLOCKS = 2 ** 15;

export class InstanceIds {
  readonly #socketPath: string;
  readonly #onError: (error: Error) => void;
  #nextId = 0;
  #end = 0;

  /** `onError` hears of it where nothing can be kept beside the socket: ids then start at random. */
  constructor(socketPath: string, onError: (error: Error) => void) {
    this.#socketPath = socketPath;
    this.#onError = onError;
  }

  next(): number {
    if (this.#nextId === this.#end) {
      const block = this.#claim() % BLOCKS;
      // There is no instance 0.
      this.#nextId = Math.max(1, block * BLOCK_SIZE);
      this.#end = (block + 1) * BLOCK_SIZE;
    }
    this.#nextId += 1;
    return this.#nextId - 1;
  }

  #claim(): number {
    try {
      return claimBlock(this.#socketPath);
    } catch (error) {
      this.#onError(error instanceof Error ? error : new Error(String(error)));
      return anyBlock();
    }
  }
}

const anyBlock = (): number => Math.floor(Math.random() * BLOCKS);

/**
 * Claims a block, whose number is in the name of an empty file. Servers that start at once need no lock: a file is made by one
 * of them alone, a file that is lower than another claims nothing, and only the owner of a higher one removes it.
 */
function claimBlock(socketPath: string): number {
  const directory = dirname(socketPath);
  const prefix = `.${basename(socketPath)}.ids-`;
  const claimed = (): number[] =>
    readdirSync(directory)
      .filter((name) => name.startsWith(prefix))
      .map((name) => Number(name.slice(prefix.length)))
      .filter((block) => Number.isSafeInteger(block) && block >= 0);
  for (;;) {
    const before = claimed();
    // Where the file got lost, a start at random makes it unlikely that a block is used twice.
    const block = before.length === 0 ? anyBlock() : Math.max(...before) + 1;
    const isMade = makeFile(join(directory, prefix + String(block)));
    const others = claimed().filter((other) => other !== block);
    if (!isMade || others.some((other) => other > block)) continue;
    for (const other of others) rmSync(join(directory, prefix + String(other)), { force: true });
    return block;
  }
}

/** False where it is there already. */
function makeFile(path: string): boolean {
  try {
    closeSync(openSync(path, "wx", 0o600));
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

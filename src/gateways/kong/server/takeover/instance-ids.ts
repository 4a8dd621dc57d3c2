// Hands out instance ids that no server on the same socket path has used before, however it ended.
import { closeSync, lstatSync, openSync, readdirSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Ids are int32 in ProtoBuf:1. They come in blocks, each of which belongs to one server. */
const BLOCK_SIZE = 2 ** 16;
const BLOCKS = 2 ** 15;
/** Servers that start at once need a few; more is no server's doing. */
const MAX_ATTEMPTS = 1000;
/** As servers write them; there are no starts for larger ones. */
const NUMBER = /^(?:0|[1-9]\d{0,9})$/;

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
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const before = claimed(directory, prefix);
    // Where the file got lost, a start at random makes it unlikely that a block is used twice.
    const block = before.length === 0 ? anyBlock() : Math.max(...before) + 1;
    const isMade = makeFile(join(directory, prefix + String(block)));
    const others = claimed(directory, prefix).filter((other) => other !== block);
    if (!isMade || others.some((other) => other > block)) continue;
    for (const other of others) removeFile(join(directory, prefix + String(other)));
    return block;
  }
  throw new Error(`what is at ${join(directory, prefix)}… is in the way`);
}

/** Whatever has such a name takes its number: what is no file of ours stays, and must not be met. */
const claimed = (directory: string, prefix: string): number[] =>
  readdirSync(directory)
    .filter((name) => name.startsWith(prefix) && NUMBER.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));

function removeFile(path: string): void {
  try {
    if (lstatSync(path).isFile()) unlinkSync(path);
  } catch {
    // Another server has removed it, or it is another user's: it claims nothing any more.
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

// Reads the text of the configuration file, once for all processes of one start.
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import { UsageError, messageOf } from "../../core/model/index.js";

/** Bytes: it is handed on in a variable, and Linux has none of more than 128 KiB. */
const MAX_SIZE = 65_536;

/**
 * Where the text is for whoever reads it next: the rest of this process, and the server that a supervisor starts. A file that changes
 * meanwhile, or before the supervisor starts the server anew, changes nothing that is served: the sockets are from this one.
 */
const HELD = "PLUGINSERVER_CONFIG_TEXT";

/** @throws {UsageError} naming the file. */
export async function readConfigText(given: string): Promise<string> {
  const path = resolve(given);
  const held = process.env[HELD];
  const from = `${path}\n`;
  if (held?.startsWith(from) === true) return held.slice(from.length);
  const text = await readText(path);
  process.env[HELD] = from + text;
  return text;
}

async function readText(path: string): Promise<string> {
  let file: FileHandle | undefined;
  try {
    // A pipe without a writer would hold the start up.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!(await file.stat()).isFile()) throw new UsageError(`-config ${path} is no file`);
    const buffer = Buffer.alloc(MAX_SIZE + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
      if (length > MAX_SIZE) throw new UsageError(`-config ${path} has more than ${MAX_SIZE} bytes`);
    }
    const text = buffer.toString("utf8", 0, length);
    if (text.includes("\0")) throw new UsageError(`-config ${path} is no text`);
    return text;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`-config ${path}: ${messageOf(error)}`, { cause: error });
  } finally {
    await file?.close();
  }
}

// Checks the paths of the command line, so that a wrong one is one clear line and no stack trace.
import { access, constants, stat } from "node:fs/promises";
import { CommandError } from "../../core/model/index.js";

const reason = (error: unknown): string =>
  error instanceof Error && "code" in error && error.code === "ENOENT"
    ? "does not exist"
    : String(error instanceof Error ? error.message : error);

/** @throws {CommandError} naming the path. */
export async function requireDirectory(path: string, what: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    throw new CommandError(`${what} ${path} ${reason(error)}`);
  });
  if (!found.isDirectory()) throw new CommandError(`${what} ${path} is not a directory`);
}

/** @throws {CommandError} naming the path. */
export async function requireWritable(path: string, what: string): Promise<void> {
  await requireDirectory(path, what);
  await access(path, constants.W_OK | constants.X_OK).catch(() => {
    throw new CommandError(
      `${what} ${path} is not writable for user ${process.getuid?.() ?? "?"}: the socket cannot be made there; use -socket or change its permissions`,
    );
  });
}

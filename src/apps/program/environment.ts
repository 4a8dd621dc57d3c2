// What a program finds around it, and what of that its plugin sees: variables, folders, the module that makes it a program.
import { access, constants, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { CommandError } from "../../core/model/index.js";

/** Variables that say how to serve: an address in them may have a password. */
const SETTINGS = "PLUGINSERVER_*";

/**
 * The server's own, less its settings and the variables that one of `hidden` names; a `*` stands for any characters. What an
 * isolate changes in it stays in the isolate.
 */
export function pluginEnvironment(hidden: readonly string[]): Readonly<Record<string, string | undefined>> {
  const patterns = [SETTINGS, ...hidden].map(toPattern);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !patterns.some((pattern) => pattern.test(name))));
}

/** Takes the settings out of the environment of this process, where they have been read. */
export function removeSettings(): void {
  const pattern = toPattern(SETTINGS);
  for (const name of Object.keys(process.env)) if (pattern.test(name)) Reflect.deleteProperty(process.env, name);
}

function toPattern(text: string): RegExp {
  const escaped = text.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`);
}

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

/** Absolute path of the module that makes a plugin a program. */
export const SERVER_ENTRY = fileURLToPath(new URL("./public.js", import.meta.url));

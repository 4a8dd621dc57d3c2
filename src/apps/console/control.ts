// The commands that have a running server do something. Each prints what the server says it did.
import { createWriteStream } from "node:fs";
import { unlink } from "node:fs/promises";
import { resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { escapeUnsafe } from "../../core/log/index.js";
import { CommandError, messageOf } from "../../core/model/index.js";
import { AdminClient, linesIn } from "./admin-client.js";
import { findServer, type Target } from "./find-server.js";

export type Print = (text: string) => Promise<void>;

export type Control =
  | { readonly kind: "reload"; readonly plugin: string | undefined }
  | { readonly kind: "log-level"; readonly plugin: string | undefined; readonly level: string }
  | { readonly kind: "drain" }
  | { readonly kind: "heap"; readonly plugin: string; readonly out: string | undefined }
  | { readonly kind: "profile"; readonly plugin: string; readonly seconds: number; readonly out: string | undefined };

const MEGABYTE = 2 ** 20;

/** @throws {UsageError} for what the server does not know, {CommandError} for what cannot be done. */
export async function control(target: Target, command: Control, print: Print): Promise<void> {
  const client = new AdminClient(await findServer(target));
  switch (command.kind) {
    case "reload":
      return printAll(await client.ask("POST", "/reload", { plugin: command.plugin }), print);
    case "log-level":
      return printAll(await client.ask("POST", "/log-level", { plugin: command.plugin, level: command.level }), print);
    case "drain":
      return drain(client, print);
    case "heap": {
      const { plugin, out } = command;
      const file = await save(client, "/heap", { plugin }, out ?? `${fileName(plugin)}.heapsnapshot`);
      return print(
        `the heap of an isolate of plugin ${plugin} is in ${file}: open it in the Memory panel of Chrome's DevTools\n`,
      );
    }
    case "profile": {
      const { plugin, seconds, out } = command;
      const file = await save(client, "/profile", { plugin, seconds }, out ?? `${fileName(plugin)}.cpuprofile`);
      return print(
        `${seconds} s of an isolate of plugin ${plugin} are in ${file}: open it in the Performance panel of Chrome's DevTools\n`,
      );
    }
  }
}

async function printAll(answer: unknown, print: Print): Promise<void> {
  await print(
    linesIn(answer)
      .map((line) => `${escapeUnsafe(line)}\n`)
      .join(""),
  );
}

/** Resolves when the server is gone. */
async function drain(client: AdminClient, print: Print): Promise<void> {
  const answer = await client.open("POST", "/drain");
  try {
    let rest = "";
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) await printAll(JSON.parse(line), print);
    }
  } catch {
    // The connection ends where the server does.
  }
  await print("it has ended\n");
}

const fileName = (plugin: string): string =>
  `${plugin.replace(/[^\w.-]/g, "_")}-${new Date().toISOString().replace(/[-:]/g, "").slice(0, 15)}`;

/** Returns the file with its size. @throws {CommandError} where not all of it came, and then there is no file. */
async function save(client: AdminClient, path: string, body: object, name: string): Promise<string> {
  const answer = await client.open("POST", path, body);
  const file = resolve(name);
  const out = createWriteStream(file, { flags: "wx", mode: 0o600 });
  try {
    await pipeline(answer, out);
    if (out.bytesWritten !== Number(answer.headers["content-length"])) throw new Error("the server ended in the middle of it");
  } catch (error) {
    const isThere = error instanceof Error && "code" in error && error.code === "EEXIST";
    if (!isThere) await unlink(file).catch(() => {});
    throw new CommandError(`${file} cannot be written: ${messageOf(error)}`);
  }
  return `${file} (${(out.bytesWritten / MEGABYTE).toFixed(1)} MB)`;
}

// Symbolic links that somebody plants where a server keeps its sockets: none is followed, and nothing but a server's own leftovers is removed.
import { chownSync, existsSync, lstatSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SharedPath, UnixSocket } from "../../../../src/core/net/index.js";
import { createTempDir, type TempDir } from "../../../support/index.js";

const FOLDER = ".server.sock.abcdef";
const IS_ROOT = process.geteuid?.() === 0;

let directory: TempDir;
let path: string;
let victim: string;
const ends: (() => unknown)[] = [];

beforeEach(() => {
  directory = createTempDir("ln");
  mkdirSync(join(directory.path, "prefix"));
  path = join(directory.path, "prefix", "server.sock");
  victim = join(directory.path, "victim");
  for (const name of ["file", "next", "0", "deep/file", "deep/next"]) directory.write(`victim/${name}`, "mine");
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  directory.remove();
});

async function listen(): Promise<UnixSocket> {
  const socket = await UnixSocket.listen({ path, mode: 0o600, onConnection: (client) => client.destroy(), onError: () => {} });
  ends.push(() => socket.close());
  return socket;
}

async function publish(): Promise<SharedPath> {
  const shared = SharedPath.make(path);
  ends.push(() => {
    shared.release();
    shared.remove();
  });
  await shared.publish();
  return shared;
}

const inPrefix = (name: string): string => join(directory.path, "prefix", name);
const everything = (): string[] => readdirSync(victim, { recursive: true }).map(String).sort();

/** A socket nobody listens on any more. */
async function deadSocket(at: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${at}.tmp`, resolve));
  const { renameSync } = await import("node:fs");
  renameSync(`${at}.tmp`, at);
  await new Promise((resolve) => server.close(resolve));
}

const TAKERS: readonly [string, () => Promise<unknown>][] = [
  ["one socket", listen],
  ["sockets that take turns", publish],
];

describe.each(TAKERS)("%s at a path", (_name, take) => {
  it.each([
    ["through a link with a server's name", `${FOLDER}/deep/next`],
    ["out of the folder again", `${FOLDER}/../../victim/next`],
    ["by its absolute path", "/ABSOLUTE/victim/next"],
    ["in a name that is none of the path's", ".other.abcdef/next"],
    ["in the folder itself", "./next"],
  ])("that is a link to another folder %s: refused, and nothing is touched", async (_how, target) => {
    symlinkSync(victim, inPrefix(FOLDER));
    symlinkSync(target.replace("/ABSOLUTE", directory.path), path);
    const before = everything();
    await expect(take()).rejects.toMatchObject({ code: "SERVER_NOT_A_SOCKET" });
    expect(everything()).toEqual(before);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
  });

  it("that leads to a link with the name of a server's folder: what is behind that is not touched", async () => {
    symlinkSync(victim, inPrefix(FOLDER));
    symlinkSync(`${FOLDER}/next`, path);
    const before = everything();
    await take();
    expect(everything()).toEqual(before);
    expect(lstatSync(inPrefix(FOLDER)).isSymbolicLink()).toBe(true);
  });

  it("that leads to a folder with more in it than a server leaves: that stays", async () => {
    directory.write(`prefix/${FOLDER}/file`, "mine");
    directory.write(`prefix/${FOLDER}/deep/file`, "mine");
    directory.write(`prefix/${FOLDER}/7`, "a file, and no socket");
    await deadSocket(inPrefix(`${FOLDER}/0`));
    symlinkSync("0", inPrefix(`${FOLDER}/next`));
    symlinkSync(victim, inPrefix(`${FOLDER}/1`));
    symlinkSync(`${FOLDER}/next`, path);
    await take();
    expect(readdirSync(inPrefix(FOLDER)).sort()).toEqual(["7", "deep", "file"]);
    expect(existsSync(join(victim, "file"))).toBe(true);
  });

  it.runIf(IS_ROOT)("that leads to another user's folder: that stays", async () => {
    mkdirSync(inPrefix(FOLDER));
    symlinkSync("0", inPrefix(`${FOLDER}/next`));
    chownSync(inPrefix(FOLDER), 65534, 65534);
    symlinkSync(`${FOLDER}/next`, path);
    await take();
    expect(readdirSync(inPrefix(FOLDER))).toEqual(["next"]);
  });

  it("after a crash: what the former server left goes, and stops nobody", async () => {
    mkdirSync(inPrefix(FOLDER));
    await deadSocket(inPrefix(`${FOLDER}/0`));
    // Between two steps of a server that was killed.
    mkdirSync(inPrefix(`${FOLDER}/.psAbCdEf`));
    await deadSocket(inPrefix(`${FOLDER}/.psAbCdEf/.ps1`));
    for (const name of ["next", ".ps1234"]) symlinkSync("0", inPrefix(`${FOLDER}/${name}`));
    symlinkSync(`${FOLDER}/next`, path);
    await take();
    const left = existsSync(inPrefix(FOLDER)) ? readdirSync(inPrefix(FOLDER)) : [];
    expect(left).toEqual([]);
  });

  it("after a crash in which the folder got lost: the link stops nobody", async () => {
    symlinkSync(`${FOLDER}/next`, path);
    await take();
    expect(lstatSync(path).isSocket() || lstatSync(path).isSymbolicLink()).toBe(true);
  });
});

describe("a shared path", () => {
  it("moves on past what a thread that was ended left in its folder", async () => {
    const shared = await publish();
    for (const name of ["0.link", "1.link", "path.link"]) symlinkSync("0", join(shared.folder, name));
    shared.lead(1);
    shared.lead(0);
    await shared.publish();
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
  });

  it("ends beside a link in the place of its folder: what is behind that is not touched", async () => {
    const shared = await publish();
    const before = everything();
    shared.remove();
    symlinkSync(victim, shared.folder);
    shared.release();
    shared.remove();
    expect(everything()).toEqual(before);
    expect(lstatSync(shared.folder).isSymbolicLink()).toBe(true);
    expect(existsSync(path)).toBe(false);
  });
});

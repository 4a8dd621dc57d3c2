// The socket file: its permissions, taken over without a gap, removed only while it is ours, and nothing else in its place touched.
import { once } from "node:events";
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UnixSocket } from "../../../../src/core/net/unix-socket.js";
import { createTempDir, type TempDir } from "../../../support/index.js";

/** `sun_path` on Linux, less its closing zero byte. */
const LONGEST_PATH = 107;

const fail = (error: Error): never => {
  throw error;
};

let directory: TempDir;
let path: string;
const ends: (() => unknown)[] = [];

beforeEach(() => {
  directory = createTempDir("sock");
  path = join(directory.path, "server.sock");
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  chmodSync(directory.path, 0o700);
  directory.remove();
});

/** Listens, and greets each client with `name`. */
async function listen(name: string, at = path, mode = 0o600): Promise<UnixSocket> {
  // A client may have left before it is greeted.
  const greet = (connection: Socket): void => void connection.on("error", () => {}).end(name);
  const socket = await UnixSocket.listen({ path: at, mode, onConnection: greet, onError: fail });
  ends.push(() => socket.close());
  return socket;
}

async function open(at = path): Promise<Socket> {
  const client = connect(at);
  ends.push(() => client.destroy());
  await once(client, "connect");
  return client;
}

async function greeting(at = path): Promise<string> {
  const client = await open(at);
  const [chunk] = (await once(client, "data")) as [Buffer];
  return chunk.toString();
}

const exists = (at = path): boolean => lstatSync(at, { throwIfNoEntry: false }) !== undefined;
/** A path of just so many bytes, in a folder that is there. */
function pathOf(bytes: number, name = "s"): string {
  const filler = bytes - Buffer.byteLength(directory.path) - name.length - 2;
  const folder = join(directory.path, "x".repeat(filler));
  mkdirSync(folder, { recursive: true });
  const made = join(folder, name);
  expect(Buffer.byteLength(made)).toBe(bytes);
  return made;
}

describe("listening", () => {
  it("takes connections, and leaves nothing in the directory but the socket", async () => {
    await listen("hello");
    expect(await greeting()).toBe("hello");
    expect(readdirSync(directory.path)).toEqual(["server.sock"]);
  });

  it.each([0o600, 0o660, 0o666])("gives the file its mode, whatever the umask: %o", async (mode) => {
    const before = process.umask(0o077);
    ends.push(() => process.umask(before));
    await listen("x", path, mode);
    expect(lstatSync(path).mode & 0o777).toBe(mode);
    expect(lstatSync(path).isSocket()).toBe(true);
  });

  it("removes the file at its end, and may end twice", async () => {
    const socket = await listen("x");
    await socket.close();
    await socket.close();
    expect(exists()).toBe(false);
  });

  it("keeps its connections when it ends", async () => {
    const accepted: Socket[] = [];
    const socket = await UnixSocket.listen({
      path,
      mode: 0o600,
      onConnection: (connection) => accepted.push(connection),
      onError: fail,
    });
    const client = await open();
    await expect.poll(() => accepted.length).toBe(1);
    await socket.close();
    accepted[0]?.write("still here");
    const [chunk] = (await once(client, "data")) as [Buffer];
    expect(chunk.toString()).toBe("still here");
    accepted[0]?.destroy();
  });
});

describe("a path that is taken", () => {
  it("by a server that runs: it keeps its connections, and new ones come here", async () => {
    const accepted: Socket[] = [];
    const old = await UnixSocket.listen({
      path,
      mode: 0o600,
      onConnection: (connection) => accepted.push(connection),
      onError: fail,
    });
    ends.push(() => old.close());
    const client = await open();
    await expect.poll(() => accepted.length).toBe(1);

    await listen("new");
    expect(await greeting()).toBe("new");
    accepted[0]?.write("old");
    const [chunk] = (await once(client, "data")) as [Buffer];
    expect(chunk.toString()).toBe("old");
    accepted[0]?.destroy();
  });

  it("is there all the time: no client is refused while it changes hands", async () => {
    await listen("0");
    for (let turn = 1; turn <= 20; turn += 1) {
      const [name] = await Promise.all([greeting(), listen(String(turn))]);
      expect([String(turn - 1), String(turn)]).toContain(name);
    }
  });

  it("the old server's end leaves the new one's file alone", async () => {
    const old = await listen("old");
    await listen("new");
    await old.close();
    expect(exists()).toBe(true);
    expect(await greeting()).toBe("new");
  });

  it("by a stale file of a server that was killed", async () => {
    const crashed = createServer();
    crashed.listen(path);
    await once(crashed, "listening");
    // Renamed away and back, the file outlives its server as it does a kill.
    const { renameSync } = await import("node:fs");
    renameSync(path, `${path}.kept`);
    await new Promise((resolve) => crashed.close(resolve));
    renameSync(`${path}.kept`, path);
    await listen("new");
    expect(await greeting()).toBe("new");
  });

  it.each<[string, (at: string) => void]>([
    ["a file", (at) => void directory.write("server.sock", `not a socket: ${at}`)],
    ["a directory", (at) => mkdirSync(at)],
    ["a symbolic link", (at) => symlinkSync("/dev/null", at)],
    ["a symbolic link to nothing", (at) => symlinkSync(join(directory.path, "nothing"), at)],
  ])("by %s is refused, and left as it is", async (_name, make) => {
    make(path);
    const before = lstatSync(path, { bigint: true });
    await expect(listen("x")).rejects.toMatchObject({
      code: "SERVER_NOT_A_SOCKET",
      message: expect.stringContaining(path) as unknown,
    });
    expect(lstatSync(path, { bigint: true })).toMatchObject({ ino: before.ino, mode: before.mode });
    expect(readdirSync(directory.path)).toEqual(["server.sock"]);
    if (before.isFile()) expect(readFileSync(path, "utf8")).toContain("not a socket");
  });
});

describe("paths near the limit", () => {
  it("may have 107 bytes, and no more", async () => {
    const longest = pathOf(LONGEST_PATH, "server.sock");
    await listen("x", longest);
    expect(await greeting(longest)).toBe("x");
    await expect(listen("x", `${longest}y`)).rejects.toMatchObject({
      code: "SERVER_SOCKET_PATH_TOO_LONG",
      message: expect.stringContaining("needs 108 bytes, 107 are allowed") as unknown,
    });
  });

  it("are refused with what the caller advises", async () => {
    const path = pathOf(LONGEST_PATH + 1, "server.sock");
    const unused = { mode: 0o600, onConnection: () => {}, onError: () => {} };
    await expect(UnixSocket.listen({ ...unused, path, remedy: "move it" })).rejects.toThrow(/107 are allowed; move it$/);
    await expect(UnixSocket.listen({ ...unused, path })).rejects.toThrow(/107 are allowed; use a shorter one$/);
  });

  it("counts bytes, not characters", async () => {
    const characters = join(directory.path, "é".repeat(60));
    expect(characters.length).toBeLessThan(LONGEST_PATH);
    await expect(listen("x", characters)).rejects.toMatchObject({ code: "SERVER_SOCKET_PATH_TOO_LONG" });
  });

  it("cannot be in a directory that is not there", async () => {
    await expect(listen("x", join(directory.path, "no", "s.sock"))).rejects.toMatchObject({
      code: "SERVER_CANNOT_LISTEN",
      message: expect.stringContaining("s.sock") as unknown,
    });
  });

  it("may be a short name in a folder whose path leaves room for no other name", async () => {
    const short = pathOf(LONGEST_PATH);
    const old = await listen("old", short);
    await listen("new", short);
    expect(await greeting(short)).toBe("new");
    await old.close();
    expect(readdirSync(dirname(short))).toEqual(["s"]);
  });
});

describe("several servers in one folder, whose process may have the same number", () => {
  it("start at once", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `s${i}`);
    await Promise.all(names.map((name) => listen(name, join(directory.path, name))));
    for (const name of names) expect(await greeting(join(directory.path, name))).toBe(name);
    expect(readdirSync(directory.path).sort()).toEqual([...names].sort());
  });

  it("take one path over at once: one of them has it", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `s${i}`);
    const sockets = await Promise.all(names.map((name) => listen(name)));
    const winner = await greeting();
    const losers = sockets.filter((_socket, i) => names[i] !== winner);
    expect(new Set(await Promise.all(losers.map((socket) => socket.close())))).toEqual(new Set(["taken over"]));
    expect(await greeting()).toBe(winner);
    expect(readdirSync(directory.path)).toEqual(["server.sock"]);
  });
});

// What happens between two steps of a server: another process takes the path over, a stranger connects, somebody removes the file.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, unlinkSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type PathChange, SharedPath, UnixSocket } from "../../../../src/core/net/index.js";
import { createTempDir, type TempDir } from "../../../support/index.js";
import type { Order } from "./peer-process.js";

/** More by hand: ROUNDS=3000. */
const ROUNDS = Number(process.env["ROUNDS"] ?? 400);
const NOBODY = 65534;

let bundle: TempDir;
let directory: TempDir;
let path: string;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  bundle = createTempDir("peer");
  const entryPoints = [new URL("peer-process.ts", import.meta.url).pathname];
  await build({ entryPoints, outfile: join(bundle.path, "peer.mjs"), bundle: true, platform: "node", format: "esm" });
});
afterAll(() => bundle.remove());

beforeEach(() => {
  directory = createTempDir("race");
  path = join(directory.path, "server.sock");
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  directory.remove();
});

function peer(): ChildProcess {
  const child = fork(join(bundle.path, "peer.mjs"), { stdio: "inherit" });
  ends.push(() => child.kill("SIGKILL"));
  return child;
}

async function order(child: ChildProcess, given: Order): Promise<unknown> {
  const answer = once(child, "message");
  child.send(given);
  const [said] = (await answer) as [unknown];
  return said;
}

/** What the server there greets a client with. */
async function greeting(at = path): Promise<string> {
  const client = connect(at);
  const [chunk] = (await once(client, "data")) as [Buffer];
  client.destroy();
  return chunk.toString();
}

async function listen(name: string, onPathChange?: (change: PathChange) => void, at = path): Promise<UnixSocket> {
  const socket = await UnixSocket.listen({
    path: at,
    mode: 0o600,
    onConnection: (client) => client.on("error", () => {}).end(name),
    onError: () => {},
    ...(onPathChange === undefined ? {} : { onPathChange }),
  });
  ends.push(() => socket.close());
  return socket;
}

it(
  "a server ends at the moment at which another process takes its path over: the other's file stays",
  { timeout: 120_000 },
  async () => {
    let [old, fresh] = [peer(), peer()];
    const soon = (): number => performance.timeOrigin + performance.now() + 0.5;
    expect(await order(old, { kind: "listen", path, name: "0", at: 0 })).toBe("listening");
    for (let round = 1; round <= ROUNDS; round += 1) {
      const name = String(round);
      // From one side of the other's steps to the other side.
      const at = soon();
      const shift = ((round % 20) - 10) / 20;
      const [end, start] = await Promise.all([
        order(old, { kind: "close", at }),
        order(fresh, { kind: "listen", path, name, at: at + shift }),
      ]);
      expect(start).toBe("listening");
      expect(end).toMatch(/^(removed|taken over)$/);
      expect(await greeting()).toBe(name);
      // The former's second name may be left where it was given while that one ended.
      expect(readdirSync(directory.path).filter((entry) => !entry.endsWith(".former"))).toEqual(["server.sock"]);
      [old, fresh] = [fresh, old];
    }
  },
);

describe.runIf(process.geteuid?.() === 0)("a stranger who connects to whatever is there, with umask 0", () => {
  it.each<[string, () => Promise<UnixSocket>, () => string]>([
    ["a socket", () => listen("secret"), () => directory.path],
    [
      "a socket that takes turns with others",
      () => {
        const shared = SharedPath.make(path);
        ends.push(() => shared.remove());
        return listen("secret", undefined, shared.socketOf(0));
      },
      () => directory.path,
    ],
  ])("never gets in: %s", { timeout: 60_000 }, async (_name, start, folder) => {
    const umask = process.umask(0);
    ends.push(() => process.umask(umask));
    chmodSync(directory.path, 0o755);
    const stranger = peer();
    chmodSync(bundle.path, 0o755);
    expect(await order(stranger, { kind: "intrude", folder: folder(), user: NOBODY })).toBe("intruding");
    const heard: unknown[] = [];
    stranger.on("message", (said) => heard.push(said));
    for (let round = 0; round < ROUNDS; round += 1) await (await start()).close();
    const open = createServer().listen(join(directory.path, "open"));
    ends.push(() => open.close());
    // It does try: a socket that is open to all is found at once.
    await expect.poll(() => heard.length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(heard.filter((said) => said !== `got in at ${join(directory.path, "open")}`)).toEqual([]);
  });
});

describe("a path that does not lead to its server any more", () => {
  it.each<[string, () => void | Promise<void>]>([
    ["the file was removed", () => unlinkSync(path)],
    ["the file was moved", () => renameSync(path, `${path}.old`)],
    [
      "the folder was removed, and is there again",
      () => {
        rmSync(directory.path, { recursive: true });
        mkdirSync(directory.path);
      },
    ],
    [
      "a server that took it over was killed",
      async () => {
        const other = peer();
        await order(other, { kind: "listen", path, name: "other", at: 0 });
        other.kill("SIGKILL");
        await once(other, "exit");
      },
    ],
  ])("leads there again: %s", async (_name, act) => {
    const changes: PathChange[] = [];
    await listen("mine", (change) => changes.push(change));
    await act();
    await expect.poll(() => changes.length, { timeout: 5000 }).toBe(1);
    expect(changes).toEqual([{ kind: "restored" }]);
    expect(await greeting()).toBe("mine");
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
  });

  it("stays with a server that has taken it over", async () => {
    const changes: PathChange[] = [];
    const old = await listen("old", (change) => changes.push(change));
    const fresh = await listen("new");
    await expect.poll(() => changes, { timeout: 5000 }).toEqual([{ kind: "taken over" }]);
    await fresh.close();
    expect(await old.close()).toBe("removed");
    expect(readdirSync(directory.path)).toEqual([]);
  });

  it(
    "is lost, told once, where something else is in its place, and had back when that has gone",
    { timeout: 20_000 },
    async () => {
      const changes: PathChange[] = [];
      await listen("mine", (change) => changes.push(change));
      unlinkSync(path);
      mkdirSync(path);
      await expect.poll(() => changes.length, { timeout: 5000 }).toBe(1);
      expect(changes[0]).toMatchObject({ kind: "lost", error: { code: "SERVER_NOT_A_SOCKET" } });
      await new Promise((resolve) => setTimeout(resolve, 2500));
      expect(changes).toHaveLength(1);
      expect(lstatSync(path).isDirectory()).toBe(true);
      rmSync(path, { recursive: true });
      await expect.poll(() => changes.length, { timeout: 5000 }).toBe(2);
      expect(await greeting()).toBe("mine");
    },
  );

  it("is restored behind the link of sockets that take turns, folder and all", { timeout: 20_000 }, async () => {
    const shared = SharedPath.make(path);
    ends.push(() => {
      shared.release();
      shared.remove();
    });
    const changes: PathChange[] = [];
    await listen("mine", undefined, shared.socketOf(0));
    shared.lead(0);
    await shared.publish();
    shared.watch(
      () => shared.lead(0),
      (change) => changes.push(change),
    );
    rmSync(path);
    await expect.poll(() => greeting().catch(() => ""), { timeout: 5000 }).toBe("mine");
    rmSync(shared.folder, { recursive: true });
    await expect.poll(() => greeting().catch(() => ""), { timeout: 5000 }).toBe("mine");
    expect(changes.every(({ kind }) => kind === "restored")).toBe(true);
    await listen("other");
    await expect.poll(() => changes.at(-1), { timeout: 5000 }).toEqual({ kind: "taken over" });
    shared.release();
    expect(await greeting()).toBe("other");
  });
});

// -plugin-sockets with -threads: several isolates take turns at one path, and a gateway may come to any of them with anything.
import { existsSync, lstatSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  connectPeer,
  parseStep,
  type Peer,
  PluginSockets,
  PROTOCOLS,
  runPhase,
  startInstance,
  type WireClient,
} from "../support/index.js";

const ISOLATES = 3;

/** Says in which thread it ran, and fails in the ways that a request asks for. */
const where = (version: string): string => `
  const { MessagePort, threadId } = require("node:worker_threads");
  const { postMessage } = MessagePort.prototype;
  const ports = new Set();
  MessagePort.prototype.postMessage = function (...args) {
    // Node.js has ports of its own, whose other ends take any message for theirs.
    if (args[0] instanceof Uint8Array || args[0]?.kind !== undefined) ports.add(this);
    return postMessage.apply(this, args);
  };
  const FORGED = [null, "ready", 7, {}, { kind: "introduction", slot: "0" }, { kind: "instance", instance: null }, { kind: "close" },
    new Uint8Array([1, 2, 3]), new Uint8Array(40).fill(255)];
  class Where {
    constructor(config) {
      this.name = config.name;
    }
    async access(kong) {
      const first = await kong.request.getHeader("first");
      const second = await kong.request.getHeader("second");
      await kong.response.setHeader("x-where", [threadId, this.name, first, second].join(" "));
    }
    async rewrite(kong) {
      const what = await kong.request.getHeader("x-fault");
      if (what === "exit") process.exit(3);
      if (what === "loop") for (;;);
      if (what === "forge")
        for (const port of ports)
          for (const forged of FORGED) postMessage.call(port, forged);
      if (what === "body") return kong.service.request.setRawBody(await kong.request.getRawBody());
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
  module.exports = { Plugin: Where, Name: "where", Version: "${version}", Priority: 1, Schema: [{ name: { type: "string" } }] };`;

let place: PluginSockets;

beforeEach(() => {
  place = new PluginSockets("spread");
});

afterEach(() => place.close());

const socketPath = (): string => place.socketOf("where");

async function start(flags: readonly string[] = [], isolates = ISOLATES): Promise<void> {
  writeFileSync(join(place.plugins, "where.js"), where("1.0.0"));
  await place.start(["-threads", String(isolates), ...flags]);
  await place.server.waitForLine(/plugin where .* is listening on/);
}

const connect = (): Promise<WireClient> => place.connect("where");

async function connectAll(count: number): Promise<WireClient[]> {
  const all: WireClient[] = [];
  for (let i = 0; i < count; i += 1) all.push(await connect());
  return all;
}

const named = (_method: string, [name]: readonly unknown[]): string => `${String(name)}-value`;

/** The thread in which an event ran; the answers to its calls are checked on the way. */
async function threadOf(client: Peer, id: number, connection?: () => WireClient): Promise<string> {
  const { calls, end } = await runPhase(client, id, "access", {
    answer: named,
    ...(connection === undefined ? {} : { connection }),
  });
  const [thread = "", ...rest] = String(calls.at(-1)?.args[1]).split(" ");
  expect([end, ...rest]).toEqual(["ret", "one", "first-value", "second-value"]);
  return thread;
}

const instance = (client: Peer): Promise<number> => startInstance(client, "where", { name: "one" });

async function threadsOf(all: readonly Peer[], id: number): Promise<string[]> {
  const threads: string[] = [];
  for (const client of all) threads.push(await threadOf(client, id));
  return threads;
}

const counts = (values: readonly string[]): number[] =>
  [...new Set(values)].map((value) => values.filter((other) => other === value).length).sort((a, b) => a - b);

/** Connections to different isolates, one each, with an instance that all know. */
async function oneEach(): Promise<{ clients: WireClient[]; threads: string[]; id: number }> {
  const all = await connectAll(ISOLATES);
  const id = await instance(first(all));
  const threads = await threadsOf(all, id);
  expect(counts(threads)).toEqual([1, 1, 1]);
  return { clients: all, threads, id };
}

function first<T>(values: readonly T[]): T {
  const [value] = values;
  if (value === undefined) throw new Error("there is none");
  return value;
}

function inTurn(all: readonly WireClient[]): () => WireClient {
  let turn = 0;
  return () => all[turn++ % all.length] ?? first(all);
}

/** Threads of the server, and what it has in the folder of its sockets. */
const resources = (): number[] => [
  readdirSync(`/proc/${place.server.pid}/task`).length,
  ...folders().map((folder) => readdirSync(join(place.sockets, folder)).length),
];

const folders = (): string[] =>
  readdirSync(place.sockets).filter((name) => name.startsWith(".where.") && !name.includes(".ids-"));

describe.each(PROTOCOLS)("connections, over %s", (protocol) => {
  it("spread over the isolates, and one instance runs in all", async () => {
    await start();
    const peers = [await connectPeer(protocol, socketPath())];
    const id = await instance(first(peers));
    const threads = [await threadOf(first(peers), id)];
    while (peers.length < 3 * ISOLATES) {
      const peer = await connectPeer(protocol, socketPath());
      peers.push(peer);
      threads.push(await threadOf(peer, id));
    }
    expect(counts(threads)).toHaveLength(ISOLATES);
    await Promise.all(peers.map((peer) => peer.close()));
  });
});

it("many connections at once spread too", async () => {
  await start();
  const all = await Promise.all(Array.from({ length: 60 }, () => connectPeer("ProtoBuf:1", socketPath())));
  const id = await instance(first(all));
  // How evenly is a question of how fast each wakes up; all at one it must not be.
  expect(counts(await threadsOf(all, id)).length).toBeGreaterThan(1);
  await Promise.all(all.map((peer) => peer.close()));
});

it("connections that come one by one are shared out evenly", async () => {
  await start();
  const all = await connectAll(4 * ISOLATES);
  const id = await instance(first(all));
  expect(counts(await threadsOf(all, id))).toEqual([4, 4, 4]);
  await Promise.all(all.splice(0, 6).map((client) => client.close()));
  all.push(...(await connectAll(6)));
  expect(counts(await threadsOf(all, id))).toEqual([4, 4, 4]);
});

it("-max-connections holds for all isolates together", async () => {
  await start(["-max-connections", "5"]);
  const all = await connectAll(5);
  await expect(connect()).rejects.toThrow();
  await place.server.waitForLine(/a connection was refused: there are 5 already/);
  await first(all).close();
  await expect
    .poll(async () =>
      connect().then(
        () => "accepted",
        () => "refused",
      ),
    )
    .toBe("accepted");
});

describe("a gateway's calls over any connection", () => {
  it("one event's steps go to the isolate that runs it", async () => {
    await start();
    const { clients: all, threads, id } = await oneEach();
    for (let i = 0; i < 20; i += 1) {
      const [client, thread] = [all[i % ISOLATES], threads[i % ISOLATES]];
      if (client === undefined) throw new Error("there is no connection");
      const next = inTurn([client, ...all.filter((other) => other !== client)]);
      expect(await threadOf(client, id, next)).toBe(thread);
    }
  });

  it("many events at once, each over all connections", async () => {
    await start();
    const { id } = await oneEach();
    const run = async (): Promise<void> => {
      const own = await connectAll(3);
      for (let i = 0; i < 50; i += 1) await threadOf(first(own), id, inTurn(own));
    };
    await Promise.all(Array.from({ length: 10 }, run));
  });

  it("a large body goes in and out", async () => {
    await start();
    const { clients: all, id } = await oneEach();
    const body = "body ".repeat(600_000);
    const answer = (method: string): unknown => (method === "kong.request.get_raw_body" ? body : "body");
    const { calls, end } = await runPhase(first(all), id, "rewrite", { answer, connection: inTurn(all) });
    expect(end).toBe("ret");
    expect(calls.at(-1)?.args[0] === body).toBe(true);
  });

  it("a step that is not due is refused, one of an unknown event ends the request", async () => {
    await start();
    const { clients: all, id } = await oneEach();
    const begun = parseStep(await first(all).call("plugin.HandleEvent", { InstanceId: id, EventName: "rewrite" }));
    const other = all[1] ?? first(all);
    const waiting = other.request("plugin.Step", { EventId: begun.eventId, Data: "wait" });
    expect(await other.request("plugin.Step", { EventId: begun.eventId, Data: "wait" })).toMatchObject({
      error: `event ${String(begun.eventId)} waits for no step`,
    });
    expect(parseStep((await waiting).result)).toEqual({ eventId: begun.eventId });
    expect(parseStep(await other.call("plugin.Step", { EventId: 12_345_678, Data: "x" })).call).toMatchObject({
      method: "kong.response.exit",
    });
  });

  it("an instance's status and end are the same for all", async () => {
    await start();
    const { clients: all, id } = await oneEach();
    for (const client of all) {
      expect(await client.call("plugin.InstanceStatus", id)).toMatchObject({ Id: id, Name: "where" });
      expect(await client.call("plugin.GetStatus", 1)).toMatchObject({ Plugins: { where: { Instances: [{ Id: id }] } } });
    }
    expect(await all[1]?.call("plugin.CloseInstance", id)).toMatchObject({ Id: id });
    for (const client of all) expect(await runPhase(client, id, "access")).toMatchObject({ error: `No plugin instance ${id}` });
  });

  it("an instance that is used at one isolate stays there when the others let it go, and wakes there again", async () => {
    await start(["-instance-timeout", "400ms"]);
    const { clients: all, id } = await oneEach();
    const used = all[2] ?? first(all);
    for (let i = 0; i < 8; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 150));
      await threadOf(used, id);
    }
    expect(await runPhase(first(all), id, "access")).not.toHaveProperty("error");
  });
});

describe("an isolate that ends", () => {
  it.each(["exit", "loop"])("(%s) takes its own connections with it, and comes back to take its turns", async (what) => {
    await start(["-stall-timeout", "500ms"]);
    const { clients: all, threads, id } = await oneEach();
    const before = resources();
    // The isolate that started the others was there first: it has the lowest number.
    const order = [...threads.keys()].sort((a, b) => Number(threads[a]) - Number(threads[b]));
    const [survivor, other, victim] = order.map((index) => all[index]);
    if (survivor === undefined || other === undefined || victim === undefined) throw new Error("there are fewer");
    const begun = parseStep(await victim.call("plugin.HandleEvent", { InstanceId: id, EventName: "rewrite" }));
    const lost = survivor.call("plugin.Step", { EventId: begun.eventId, Data: what });
    expect(parseStep(await lost).call).toMatchObject({ method: "kong.response.exit", args: [500, expect.anything()] });
    for (const client of [survivor, other]) await threadOf(client, id);
    await place.server.waitForLine(/\[where\] isolate of plugin where died/);
    await expect
      .poll(async () => counts(await threadsOf([survivor, other, await connect(), await connect()], id)).length, {
        timeout: 10_000,
      })
      .toBe(ISOLATES);
    await expect.poll(resources, { timeout: 10_000 }).toEqual(before);
  });

  it("where it is the one that started the others, all come back", async () => {
    await start();
    const { clients: all, threads, id } = await oneEach();
    const leader = all[threads.indexOf(String(Math.min(...threads.map(Number))))] ?? first(all);
    await Promise.allSettled([runPhase(leader, id, "rewrite", { answer: () => "exit" })]);
    await expect
      .poll(() => place.server.lines.filter((line) => line.includes("plugin where 1.0.0 is listening")).length, {
        timeout: 10_000,
      })
      .toBe(2);
    await oneEach();
    expect(folders()).toHaveLength(1);
  });
});

describe("the path", () => {
  it("is taken over at a reload: running events finish over any connection", async () => {
    await start();
    const { clients: all, id } = await oneEach();
    const running = all.map((client) => runPhase(client, id, "rewrite", { answer: () => "wait", connection: inTurn(all) }));
    writeFileSync(join(place.plugins, "where.js"), where("1.1.0"));
    await place.server.waitForLine(/plugin where 1\.1\.0 is listening on/);
    expect((await Promise.all(running)).map(({ end }) => end)).toEqual(["ret", "ret", "ret"]);
    await oneEach();
    await Promise.all(all.map((client) => client.close()));
    await expect.poll(folders).toHaveLength(1);
  });

  it("goes with the server, and events finish over any connection", async () => {
    await start();
    const { clients: all, id } = await oneEach();
    const running = all.map((client) => runPhase(client, id, "rewrite", { answer: () => "wait", connection: inTurn(all) }));
    // The handlers run when a second call on each connection is answered.
    await Promise.all(all.map((client) => client.call("plugin.GetStatus", 1)));
    const exit = place.server.close();
    expect((await Promise.all(running)).map(({ end }) => end)).toEqual(["ret", "ret", "ret"]);
    expect(await exit).toEqual({ code: 0, signal: null });
    expect([existsSync(socketPath()), folders()]).toEqual([false, []]);
  });

  it("a start after a kill cleans up, whatever the number of isolates was and is", async () => {
    await start();
    await oneEach();
    place.server.kill("SIGKILL");
    await place.server.exited;
    expect(lstatSync(socketPath()).isSymbolicLink()).toBe(true);
    await start([], 1);
    // Who had clients wait meanwhile leaves a moment later.
    await expect.poll(() => [lstatSync(socketPath()).isSocket(), folders()]).toEqual([true, []]);
    place.server.kill("SIGKILL");
    await place.server.exited;
    await start();
    await oneEach();
    place.server.kill("SIGKILL");
    await place.server.exited;
    await start();
    await oneEach();
    await expect.poll(folders).toHaveLength(1);
  });

  it("a link of somebody else's is left alone", async () => {
    symlinkSync("elsewhere", socketPath());
    writeFileSync(join(place.plugins, "where.js"), where("1.0.0"));
    await place.start(["-threads", "2"]);
    await place.server.waitForLine(/where\.socket; it is left alone/);
    expect([readlinkSync(socketPath()), folders()]).toEqual(["elsewhere", []]);
  });
});

it("what plugin code sends to the other isolates is dropped, and told", async () => {
  await start();
  const { clients: all, threads, id } = await oneEach();
  for (const client of all) await runPhase(client, id, "rewrite", { answer: () => "forge" });
  await place.server.waitForLine(/a message of another isolate was dropped/);
  expect(await threadsOf(all, id)).toEqual(threads);
});

it("works in processes too", async () => {
  await start(["-isolation", "process"]);
  const { clients: all } = await oneEach();
  expect(first(all).pid).not.toBe(place.server.pid);
});

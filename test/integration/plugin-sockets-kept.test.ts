// -plugin-sockets: gateways that come while nobody serves a plugin's socket wait there, and get whoever serves it next.
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PluginSockets, runPhase, startInstance, startServer, type WireClient } from "../support/index.js";

let place: PluginSockets;
let gate: string;

beforeEach(() => {
  place = new PluginSockets("kept");
  gate = join(place.path, "gate");
  writeFileSync(join(place.plugins, "greeter.js"), greeter("1.0.0"));
  openGate();
});

afterEach(async () => {
  openGate();
  await place.close();
});

/** Loads as soon as the gate is open. */
const greeter = (version: string): string => `
  const { existsSync } = require("node:fs");
  while (!existsSync(${JSON.stringify(gate)})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  module.exports = {
    Version: "${version}", Priority: 1,
    New: () => ({
      async Access(kong) {
        const host = await kong.request.getHeader("host");
        if (host === "exit") process.exit(3);
        await kong.response.setHeader("x-greeting", "hello " + host);
      },
    }),
  };`;

const openGate = (): void => writeFileSync(gate, "");
const closeGate = (): void => rmSync(gate);

const listening = (): number => place.server.lines.filter((line) => /plugin greeter \S+ is listening/.test(line)).length;

/** Asks for nothing but an answer, so that it can wait. */
function greetLater(client: Promise<WireClient>): Promise<unknown> {
  return client.then(greet);
}

async function greet(client: WireClient, host = "there"): Promise<unknown> {
  const id = await startInstance(client, "greeter");
  return (await runPhase(client, id, "access", { answer: () => host })).calls.at(-1)?.args[1];
}

/** Connected, as a gateway's own connections are: nothing is sent, nothing is answered. */
async function connected(): Promise<Socket> {
  const socket = createConnection(place.socketOf("greeter"));
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  return socket;
}

/** Resolves when a connection is taken again, and is the first of those that wait. */
async function untilKept(): Promise<void> {
  await expect
    .poll(
      () =>
        connected().then(
          (socket) => socket.destroy().destroyed,
          () => false,
        ),
      { interval: 5 },
    )
    .toBe(true);
}

/** What a server leaves beside its sockets is the memory of its ids. */
const leftovers = (): string[] => readdirSync(place.sockets).filter((name) => !/\.socket\.ids-\d+$/.test(name));

describe.each([[["-threads", "1"]], [["-threads", "3"]]])("with %j", (flags) => {
  it("clients of a server that was killed wait for the next one", async () => {
    await place.start(flags);
    await place.server.waitForLine(/plugin greeter .* is listening/);
    closeGate();
    process.kill(place.server.pid, "SIGKILL");
    await expect.poll(() => existsSync(`/proc/${place.server.pid}`), { interval: 5 }).toBe(false);
    await untilKept();
    const waiting = Array.from({ length: 20 }, () => greetLater(place.connect("greeter")));
    expect(listening()).toBe(1);
    openGate();
    expect(await Promise.all(waiting)).toEqual(Array.from({ length: 20 }, () => "hello there"));
    expect(listening()).toBe(2);
    // Not through whoever had them wait.
    expect(await greetLater(place.connect("greeter"))).toBe("hello there");
    await place.server.close();
    expect(leftovers()).toEqual([]);
  });

  it.each([[[]], [["-no-supervisor"]]])("clients of an isolate that died wait for the next one (%j)", async (more) => {
    await place.start([...flags, ...more]);
    await place.server.waitForLine(/plugin greeter .* is listening/);
    const client = await place.connect("greeter");
    closeGate();
    await Promise.allSettled([greet(client, "exit")]);
    await place.server.waitForLine(/isolate .*(?:ended|died)/);
    await untilKept();
    const waiting = Array.from({ length: 20 }, () => greetLater(place.connect("greeter")));
    openGate();
    expect(await Promise.all(waiting)).toEqual(Array.from({ length: 20 }, () => "hello there"));
    await place.server.close();
    expect(leftovers()).toEqual([]);
  });
});

describe("a server that starts", () => {
  it("has clients of its plugins wait until these are loaded", async () => {
    closeGate();
    const starting = place.start();
    await expect.poll(() => existsSync(place.socketOf("greeter")), { interval: 5 }).toBe(true);
    const waiting = Array.from({ length: 20 }, () => greetLater(place.connect("greeter")));
    openGate();
    await starting;
    expect(await Promise.all(waiting)).toEqual(Array.from({ length: 20 }, () => "hello there"));
  });

  it("leads nobody anywhere who has gone meanwhile", async () => {
    closeGate();
    const starting = place.start(["-max-connections", "1"]);
    await expect.poll(() => existsSync(place.socketOf("greeter")), { interval: 5 }).toBe(true);
    for (let gone = 0; gone < 20; gone += 1) (await connected()).destroy();
    const waiting = greetLater(place.connect("greeter"));
    openGate();
    await starting;
    expect(await waiting).toBe("hello there");
  });

  it("sends clients of what turns out to be no plugin away, and leaves nothing there", async () => {
    writeFileSync(join(place.plugins, "broken.js"), `${greeter("1.0.0")} throw new Error("not today");`);
    closeGate();
    const starting = place.start();
    await expect.poll(() => existsSync(place.socketOf("broken")), { interval: 5 }).toBe(true);
    const client = createConnection(place.socketOf("broken"));
    const isClosed = new Promise<void>((resolve) => client.once("close", () => resolve()));
    openGate();
    await Promise.all([starting, isClosed]);
    expect(existsSync(place.socketOf("broken"))).toBe(false);
  });

  it("leaves a socket alone that another server serves, until its own plugin listens", async () => {
    await place.start();
    await place.server.waitForLine(/plugin greeter .* is listening/);
    closeGate();
    const prefix = join(place.path, "second");
    const starting = startServer({ plugins: place.plugins, prefix, flags: ["-plugin-sockets", place.sockets] });
    await expect.poll(() => existsSync(join(prefix, "go_pluginserver.sock")), { interval: 5 }).toBe(true);
    const former = await place.connect("greeter");
    expect([former.pid, await greet(former)]).toEqual([place.server.pid, "hello there"]);
    openGate();
    const second = await starting;
    await second.waitForLine(/plugin greeter .* is listening/);
    const fresh = await place.connect("greeter");
    expect([fresh.pid, await greet(fresh)]).toEqual([second.pid, "hello there"]);
    await second.close();
  });
});

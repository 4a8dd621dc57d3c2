// What the gateway does when the plugin server fails: the table of PROTOCOL.md, row by row.

import msgpack5 from "msgpack5";
import { describe, expect, it } from "vitest";

import { ask } from "./http-client.js";
import { run, signal } from "./running-gateway.js";
import type { Interceptor } from "./scripted-plugin-server.js";

const codec = msgpack5();

const plugins = { p: { access: () => undefined } };

/** Deals with the first message of a method only. */
function once(method: string, act: Interceptor): Interceptor {
  let isDone = false;
  return (message, socket) => {
    if (isDone || message.method !== `plugin.${method}`) return false;
    isDone = true;
    return act(message, socket);
  };
}

describe("a request goes on without the plugin", () => {
  it("when the server answers an error", async () => {
    const { gateway, plugins: server } = await run({ plugins });
    server.intercept = once("HandleEvent", ({ id }, socket) => (server.reply(socket, id, "handler failed", null), true));
    expect((await ask(gateway.url)).status).toBe(200);
    expect(gateway.logs).toMatchObject([{ level: "err", message: "[p] access: handler failed" }]);
  });

  it("when the server closes the connection", async () => {
    const { gateway, plugins: server } = await run({ plugins });
    server.intercept = once("HandleEvent", (_message, socket) => (socket.destroy(), true));
    expect((await ask(gateway.url)).status).toBe(200);
    expect((await ask(gateway.url)).status).toBe(200);
  });

  it("when the server is down, and with it again when it is back", async () => {
    const { gateway, plugins: server } = await run({ plugins });
    await ask(gateway.url);
    await server.stop();
    expect((await ask(gateway.url)).status).toBe(200);
    await server.listen();
    server.received.length = 0;
    expect((await ask(gateway.url)).status).toBe(200);
    expect(server.receivedMethods()).toContain("HandleEvent");
  });

  it("when the server stays silent; the connection is used again", async () => {
    const { gateway, plugins: server } = await run({ plugins, options: { timeoutMs: 40 } });
    server.intercept = once("HandleEvent", () => true);
    expect((await ask(gateway.url)).status).toBe(200);
    expect((await ask(gateway.url)).status).toBe(200);
    expect(server.connectionsOpened).toBe(1);
    expect(gateway.logs.map(({ message }) => message)).toEqual([
      "[p] access: the plugin server did not answer plugin.HandleEvent within 40 ms",
    ]);
  });
});

describe("the client gets 500", () => {
  const cases: [name: string, intercept: Interceptor, reason: RegExp][] = [
    ["the id of the answer is wrong", ({ id }, socket) => reply(socket, [1, id + 7, null, {}]), /unexpected RPC response ID/],
    ["the error is no text", ({ id }, socket) => reply(socket, [1, id, { code: 1 }, null]), /error that is not a text/],
    ["there is no Data", ({ id }, socket) => reply(socket, [1, id, null, { EventId: 1 }]), /without Data/],
    [
      "Data is nonsense",
      ({ id }, socket) => reply(socket, [1, id, null, { EventId: 1, Data: 5 }]),
      /neither "ret" nor a PDK call/,
    ],
    ["the bytes are no MessagePack", (_message, socket) => socket.write(Buffer.of(0xc1)), /no MessagePack value/],
  ];

  it.each(cases)("when %s", async (_name, intercept, reason) => {
    const { gateway, plugins: server } = await run({ plugins });
    server.intercept = once("HandleEvent", intercept);
    const answer = await ask(gateway.url);
    expect(answer.status).toBe(500);
    expect(answer.text).toContain("An unexpected error occurred");
    expect(gateway.logs.at(-1)?.message).toMatch(reason);
    expect((await ask(gateway.url)).status).toBe(200);
  });

  it("when an instance cannot be started; the next request tries again", async () => {
    const { gateway, plugins: server } = await run({ plugins });
    server.intercept = once("StartInstance", ({ id }, socket) => (server.reply(socket, id, "bad config", null), true));
    expect((await ask(gateway.url)).status).toBe(500);
    expect((await ask(gateway.url)).status).toBe(200);
  });

  it("when a PDK call is refused, and the connection goes on", async () => {
    const { gateway, plugins: server } = await run({
      plugins: { p: { access: (kong) => kong("response.set_status", "201") } },
    });
    expect((await ask(gateway.url)).status).toBe(500);
    expect((await ask(gateway.url)).status).toBe(500);
    expect(server.connectionsOpened).toBe(1);
  });

  it("when an answer comes late, while the connection carries another call", async () => {
    const { gateway, plugins: server } = await run({ plugins, options: { timeoutMs: 40 } });
    let late: (() => void) | undefined;
    server.intercept = ({ id, method }, socket) => {
      if (method !== "plugin.HandleEvent") return false;
      if (late === undefined) late = () => server.reply(socket, id, null, { EventId: 1, Data: "ret" });
      else late();
      return true;
    };
    expect((await ask(gateway.url)).status).toBe(200);
    expect((await ask(gateway.url)).status).toBe(500);
  });
});

describe("instances", () => {
  it("are started again when the server has forgotten them; nothing is lost", async () => {
    const { gateway, plugins: server } = await run({ plugins });
    await ask(gateway.url);
    server.forgetInstances();
    expect((await ask(gateway.url)).status).toBe(200);
    expect(server.receivedMethods()).toEqual(["StartInstance", "HandleEvent", "HandleEvent", "StartInstance", "HandleEvent"]);
  });

  it("are started once for concurrent requests", async () => {
    const { gateway, plugins: server } = await run({ plugins });
    await Promise.all(Array.from({ length: 8 }, () => ask(gateway.url)));
    expect(server.receivedMethods().filter((method) => method === "StartInstance")).toHaveLength(1);
    server.forgetInstances();
    await Promise.all(Array.from({ length: 8 }, () => ask(gateway.url)));
    expect(server.receivedMethods().filter((method) => method === "StartInstance")).toHaveLength(2);
  });

  it("are forgotten when another server process answers", async () => {
    const { gateway, plugins: server } = await run({ plugins: { ...plugins, q: { access: () => undefined } } });
    await ask(gateway.url);
    await server.restart();
    server.received.length = 0;
    expect((await ask(gateway.url)).status).toBe(200);
    // The first plugin learns it from its own call, the second from the new process id.
    expect(server.receivedMethods()).toEqual(["HandleEvent", "StartInstance", "HandleEvent", "StartInstance", "HandleEvent"]);
  });

  it("work with a server that does not tell its process id", async () => {
    const { gateway, plugins: server } = await run({ plugins });
    server.sendsPid = false;
    expect((await ask(gateway.url)).status).toBe(200);
  });
});

describe("connections", () => {
  it("carry one call at a time and are used again", async () => {
    const all = signal();
    let waiting = 0;
    const { gateway, plugins: server } = await run({
      plugins: {
        p: {
          access: async () => {
            waiting += 1;
            if (waiting === 3) all.resolve();
            await all.promise;
          },
        },
      },
    });
    await Promise.all([1, 2, 3].map(() => ask(gateway.url)));
    expect(server.connectionsOpened).toBe(3);
    await ask(gateway.url);
    expect(server.connectionsOpened).toBe(3);
  });

  it("are dropped when something arrives that nobody waits for", async () => {
    const { gateway, plugins: server } = await run({ plugins });
    await ask(gateway.url);
    const [socket] = server.sockets;
    const closed = new Promise((resolve) => socket?.once("close", resolve));
    socket?.write(Buffer.from("9302a4496e666f01", "hex"));
    await closed;
    expect((await ask(gateway.url)).status).toBe(200);
    expect(server.connectionsOpened).toBe(2);
  });
});

function reply(socket: { write(bytes: Buffer): boolean }, message: unknown): boolean {
  socket.write(codec.encode(message).slice());
  return true;
}

// -plugin-sockets: each plugin's isolate serves a socket of its own, and everything else holds there as on the shared one.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  connectPeer,
  PluginSockets,
  PROTOCOLS,
  runCli,
  runPhase,
  startInstance,
  startServer,
  WireClient,
} from "../support/index.js";

const greeter = (version: string, greeting: string): string => `
  let events = 0;
  module.exports = {
    Version: "${version}", Priority: 1,
    New: () => ({
      async Access(kong) {
        events += 1;
        const host = await kong.request.getHeader("host");
        await kong.response.setHeader("x-greeting", "${greeting} " + host + " " + events);
      },
      async Rewrite(kong) {
        const what = await kong.request.getHeader("x-fault");
        if (what === "throw") throw new Error("thrown in rewrite");
        if (what === "exit") process.exit(3);
        if (what === "loop") for (;;);
        await new Promise((resolve) => setTimeout(resolve, 300));
      },
    }),
  };`;

/** `sun_path` on Linux, less its closing zero byte. */
const LONGEST_PATH = 107;

let place: PluginSockets;

beforeEach(() => {
  place = new PluginSockets("sock");
});

afterEach(() => place.close());

function writePlugins(): void {
  writeFileSync(join(place.plugins, "greeter.js"), greeter("1.0.0", "hello"));
  writeFileSync(join(place.plugins, "other.js"), greeter("1.0.0", "good day"));
}

async function start(flags: readonly string[] = []): Promise<void> {
  writePlugins();
  await place.start(flags);
  await Promise.all(
    ["greeter", "other"].map((name) => place.server.waitForLine(new RegExp(`plugin ${name} .* is listening on`))),
  );
}

const connect = (name: string): Promise<WireClient> => place.connect(name);

const greeting = async (client: WireClient, id: number): Promise<unknown> =>
  (await runPhase(client, id, "access", { answer: () => "example.com" })).calls.at(-1)?.args[1];

describe.each(PROTOCOLS)("a socket per plugin, over %s", (protocol) => {
  it("runs phases, and fails closed", async () => {
    await start();
    const peer = await connectPeer(protocol, place.socketOf("greeter"));
    const id = await startInstance(peer, "greeter");
    const { calls } = await runPhase(peer, id, "access", { answer: () => "example.com" });
    expect(calls.at(-1)).toEqual({ method: "kong.response.set_header", args: ["x-greeting", "hello example.com 1"] });
    const failed = await runPhase(peer, id, "rewrite", { answer: () => "throw" });
    expect(failed.end).toBe("exit");
    expect(failed.calls.at(-1)).toMatchObject({ method: "kong.response.exit", args: [500, expect.anything()] });
    await place.server.waitForLine(/plugin greeter failed in rewrite: thrown in rewrite/);
    await peer.close();
  });
});

describe("a socket per plugin", () => {
  it("serves the phases of its plugin alone", async () => {
    await start();
    const [mine, others] = [await connect("greeter"), await connect("other")];
    const id = await startInstance(mine, "greeter");
    expect(await greeting(mine, id)).toBe("hello example.com 1");
    const otherId = await startInstance(others, "other");
    expect(await greeting(others, otherId)).toBe("good day example.com 1");
    expect(await mine.request("plugin.StartInstance", { Name: "other", Config: "{}" })).toMatchObject({
      result: { Name: "other", Error: expect.stringContaining("no plugin other") as string },
    });
    expect(await others.call("plugin.GetStatus", 1)).toMatchObject({ Pid: place.server.pid, Plugins: { other: {} } });
  });

  it("shares the plugin's module, not its instances, with the shared socket", async () => {
    await start();
    const [mine, shared] = [await connect("greeter"), await WireClient.connect(place.server.socketPath)];
    const [id, sharedId] = [await startInstance(mine, "greeter"), await startInstance(shared, "greeter")];
    expect(await greeting(mine, id)).toBe("hello example.com 1");
    expect(await greeting(shared, sharedId)).toBe("hello example.com 2");
    expect(await runPhase(shared, id, "access")).toMatchObject({ end: "error", error: `No plugin instance ${id}` });
  });

  it.each(["exit", "loop"])("an isolate that ends (%s) comes back on its socket, and no other plugin notices", async (what) => {
    await start(["-stall-timeout", "500ms"]);
    const [mine, others] = [await connect("greeter"), await connect("other")];
    const otherId = await startInstance(others, "other");
    const id = await startInstance(mine, "greeter");
    await Promise.allSettled([runPhase(mine, id, "rewrite", { answer: () => what })]);
    expect(await greeting(others, otherId)).toBe("good day example.com 1");
    await expect
      .poll(() => place.server.lines.filter((line) => line.includes("plugin greeter 1.0.0 is listening")).length)
      .toBe(2);
    const again = await connect("greeter");
    // The gateway still has the old id, which the fresh isolate has never given to anybody.
    expect(await runPhase(again, id, "access")).toMatchObject({ end: "error", error: `No plugin instance ${id}` });
    expect(await greeting(again, await startInstance(again, "greeter"))).toBe("hello example.com 1");
  });

  it("a reload takes the socket over: running events finish, new connections get the new code", async () => {
    await start();
    const former = await connect("greeter");
    const id = await startInstance(former, "greeter");
    const running = runPhase(former, id, "rewrite", { answer: () => "wait" });
    writeFileSync(join(place.plugins, "greeter.js"), greeter("1.1.0", "good morning"));
    await place.server.waitForLine(/plugin greeter 1\.1\.0 is listening on/);
    expect((await running).end).toBe("ret");
    const fresh = await connect("greeter");
    expect(await greeting(fresh, await startInstance(fresh, "greeter"))).toBe("good morning example.com 1");
  });

  it("a reload while an isolate starts again leads to the new code, which stays", async () => {
    const loads = join(place.path, "loads");
    // The scan is the first to load it, its isolate the second, and the one that comes back is slow.
    const slowThird = `const fs = require("node:fs");
      fs.appendFileSync(${JSON.stringify(loads)}, "x");
      if (fs.statSync(${JSON.stringify(loads)}).size === 3) for (const end = Date.now() + 2000; Date.now() < end; );`;
    writeFileSync(join(place.plugins, "slow.js"), slowThird + greeter("1.0.0", "hello"));
    await start();
    await place.server.waitForLine(/plugin slow 1\.0\.0 is listening/);
    const former = await connect("slow");
    const id = await startInstance(former, "slow");
    await Promise.allSettled([runPhase(former, id, "rewrite", { answer: () => "exit" })]);
    await expect.poll(() => readFileSync(loads, "utf8")).toBe("xxx");
    writeFileSync(join(place.plugins, "slow.js"), greeter("1.1.0", "good morning"));
    await place.server.waitForLine(/plugin slow 1\.1\.0 is listening/);
    await expect
      .poll(() => place.server.lines.filter((line) => line.includes("plugin slow 1.0.0 is listening")).length, { timeout: 5000 })
      .toBe(2);
    const fresh = await connect("slow");
    expect(await greeting(fresh, await startInstance(fresh, "slow"))).toBe("good morning example.com 1");
  });

  it("an isolate that leaves is watched until it has ended", async () => {
    await start(["-stall-timeout", "500ms"]);
    const former = await connect("greeter");
    const id = await startInstance(former, "greeter");
    writeFileSync(join(place.plugins, "greeter.js"), greeter("1.1.0", "good morning"));
    await place.server.waitForLine(/plugin greeter 1\.1\.0 is listening on/);
    await expect(runPhase(former, id, "rewrite", { answer: () => "loop" })).rejects.toThrow("the server closed the connection");
    await place.server.waitForLine(/\[greeter\] isolate of plugin greeter died .*; its successor is there/);
    const fresh = await connect("greeter");
    expect(await greeting(fresh, await startInstance(fresh, "greeter"))).toBe("good morning example.com 1");
  });

  it("one bad request in many does not keep an isolate from starting again", async () => {
    await start();
    for (let i = 0; i < 5; i += 1) {
      const client = await connect("greeter");
      const id = await startInstance(client, "greeter");
      expect(await greeting(client, id)).toBe("hello example.com 1");
      await Promise.allSettled([runPhase(client, id, "rewrite", { answer: () => "exit" })]);
      await expect
        .poll(() => place.server.lines.filter((line) => line.includes("plugin greeter 1.0.0 is listening")).length)
        .toBe(i + 2);
    }
    expect(place.server.lines.filter((line) => line.includes("its events fail until then"))).toEqual([]);
  });

  it("its sockets go with the server, and events that run there finish", async () => {
    await start();
    const mine = await connect("greeter");
    const id = await startInstance(mine, "greeter");
    const running = runPhase(mine, id, "rewrite", { answer: () => "wait" });
    // The handler runs when a second call on the connection is answered.
    await mine.call("plugin.GetStatus", 1);
    const exit = place.server.close();
    expect((await running).end).toBe("ret");
    expect(await exit).toEqual({ code: 0, signal: null });
    expect(["greeter", "other"].map((name) => existsSync(place.socketOf(name)))).toEqual([false, false]);
  });

  it("works in processes too", async () => {
    await start(["-isolation", "process"]);
    const mine = await connect("greeter");
    expect(await greeting(mine, await startInstance(mine, "greeter"))).toBe("hello example.com 1");
    expect(mine.pid).not.toBe(place.server.pid);
  });
});

describe("what cannot be", () => {
  it.each([[[]], [["-threads", "2"]]])(
    "a path that is too long for a plugin's name is said once, and not tried again; the others have theirs (%j)",
    async (flags) => {
      writePlugins();
      const room = LONGEST_PATH - Buffer.byteLength(join(place.path, "/other.socket")) - 1;
      const sockets = join(place.path, "s".repeat(room));
      mkdirSync(sockets);
      const server = await startServer({ plugins: place.plugins, flags: ["-plugin-sockets", sockets, ...flags] });
      await server.waitForLine(/plugin other 1\.0\.0 is listening/);
      const other = await WireClient.connect(join(sockets, "other.socket"));
      expect(await greeting(other, await startInstance(other, "other"))).toBe("good day example.com 1");
      const shared = await WireClient.connect(server.socketPath);
      expect(await greeting(shared, await startInstance(shared, "greeter"))).toBe("hello example.com 1");
      await Promise.all([other.close(), shared.close()]);
      await server.close();
      const told = server.lines.filter((line) => /greeter.*too long/.test(line));
      expect(told).toEqual([
        expect.stringMatching(/greeter\.socket needs 109 bytes, 107 are allowed; use a shorter -plugin-sockets/),
      ]);
      expect(server.lines.filter((line) => /restarting/.test(line))).toEqual([]);
    },
  );

  it("a directory that leaves no room for any plugin is refused before anything starts", async () => {
    writePlugins();
    const long = join(place.path, "s".repeat(100));
    mkdirSync(long);
    const argv = ["-plugins-dir", place.plugins, "-kong-prefix", place.path, "-plugin-sockets", long];
    const { code, stderr } = await runCli(argv);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^pluginserver: the socket's path is too long for the operating system: .*use a shorter -plugin-sockets\n$/,
    );
  });

  it.each([[["-plugin-sockets", "/nowhere/at/all"], "the directory of the plugins' sockets /nowhere/at/all does not exist"]])(
    "%j is refused in one line",
    async (flags, message) => {
      await start();
      const { code, stderr } = await runCli([
        "-plugins-dir",
        place.plugins,
        "-plugin-sockets",
        place.sockets,
        "-kong-prefix",
        place.path,
        ...flags,
      ]);
      expect(code).not.toBe(0);
      expect(stderr).toContain(message);
    },
  );
});

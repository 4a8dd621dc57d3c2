// Owns checking what child processes of the server get from it, and that none outlives it.
import { chmodSync, existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { BINARY, createTempDir, runPhase, type RunningServer, startInstance, startServer, WireClient } from "../support/index.js";
import { eventually } from "./process-state.js";

const PLUGINS = fileURLToPath(new URL("../fixtures/isolate-faults", import.meta.url));

let server: RunningServer;
let client: WireClient;

async function start(binary = BINARY): Promise<void> {
  server = await startServer({ plugins: PLUGINS, binary, flags: ["-isolation", "process", "-stall-timeout", "30s"] });
  client = await WireClient.connect(server.socketPath);
}

afterEach(async () => {
  client.destroy();
  await server.close();
});

/** Child processes that carry an isolate, whichever thread of the server started them. */
function childrenOf(pid: number): number[] {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const children = tasks.flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" "));
  return children.map(Number).filter((child) => child > 0 && commandOf(child).includes("process-entry"));
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

/** Seconds; loading a plugin takes a fraction of one. */
function cpuTime(pid: number): number {
  const [user = 0, system = 0] =
    readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ").slice(11, 13).map(Number) ?? [];
  return (user + system) / 100;
}

/** What the descriptors from `from` on stand for: pipes and sockets have a number of their own. */
function openIn(pid: number, from = 0): string[] {
  const folder = `/proc/${pid}/fd`;
  const descriptors = readdirSync(folder).filter((descriptor) => Number(descriptor) >= from);
  return descriptors
    .map((descriptor) => readlinkSync(`${folder}/${descriptor}`))
    .filter((target) => /^(?:pipe|socket):/.test(target));
}

it("a child has nothing of the server but the other ends of three pipes, which are its own", async () => {
  await start();
  await runPhase(client, await startInstance(client, "misbehaves", { how: "none" }), "access");
  const [child = 0] = childrenOf(server.pid);
  const ofServer = openIn(server.pid);
  // The real stdout, which bin/pluginserver moved to 9, and the sockets are there to be inherited.
  expect(readlinkSync(`/proc/${server.startedPid}/fd/9`)).toMatch(/^(?:pipe|socket):/);
  expect(ofServer.filter((target) => target.startsWith("socket:")).length).toBeGreaterThan(1);
  const ofSupervisor = openIn(server.startedPid);
  const inherited = openIn(child).filter((target) => ofServer.includes(target) || ofSupervisor.includes(target));
  expect(inherited).toEqual([]);
  // What it writes, and its channel: the server reads each of them apart.
  const pipes = [1, 2, 3].map((descriptor) => readlinkSync(`/proc/${child}/fd/${descriptor}`));
  expect(new Set(pipes.filter((target) => /^(?:pipe|socket):/.test(target))).size).toBe(3);
});

it.skipIf(!existsSync("/bin/bash"))("a child has none of the descriptors that the server was started with", async () => {
  const wrapper = createTempDir("wr");
  const binary = wrapper.write("pluginserver", `#!/bin/bash\nexec 30</dev/zero\nexec ${BINARY} "$@"\n`);
  chmodSync(binary, 0o755);
  await start(binary);
  await runPhase(client, await startInstance(client, "misbehaves", { how: "none" }), "access");
  const [child = 0] = childrenOf(server.pid);
  expect(readlinkSync(`/proc/${server.pid}/fd/30`)).toBe("/dev/zero");
  expect(readdirSync(`/proc/${child}/fd`).map((descriptor) => readlinkSync(`/proc/${child}/fd/${descriptor}`))).not.toContain(
    "/dev/zero",
  );
  wrapper.remove();
});

it.each(["none", "loop"])("no child outlives a server that is killed (its handler: %s)", async (how) => {
  await start();
  const id = await startInstance(client, "misbehaves", { how });
  if (how === "none") await runPhase(client, id, "access");
  else {
    // Never answered: its child is busy for good.
    void client.request("plugin.HandleEvent", { InstanceId: id, EventName: "access" }).catch(() => {});
    await eventually(
      () => childrenOf(server.pid).some((child) => cpuTime(child) > 1),
      () => "a child that loops",
    );
  }
  const children = childrenOf(server.pid);
  expect(children).toHaveLength(1);
  server.kill("SIGKILL");
  await eventually(
    () => children.every((child) => !commandOf(child).includes("process-entry")),
    () => `children ${children.join()} are still there`,
  );
});

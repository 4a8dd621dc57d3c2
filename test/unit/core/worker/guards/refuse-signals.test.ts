// To whom a plugin may send no signal: whatever would end the server, however it is named.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { whyRefused } from "../../../../../src/core/worker/guards/confine.js";

it("the server, all it was started by, its process group, its own group and every process", () => {
  const server = process.pid;
  for (const target of [server, process.ppid, 1, 0, -1]) expect(whyRefused(target, server), String(target)).toBeDefined();
});

it("a process group that the server leads, and none that a plugin has made", async () => {
  const child = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
  const pid = child.pid ?? 0;
  expect(whyRefused(-pid, pid)).toBe("the server belongs to that process group");
  expect([whyRefused(pid, process.pid), whyRefused(-pid, process.pid)]).toEqual([undefined, undefined]);
  child.kill("SIGKILL");
  await once(child, "exit");
});

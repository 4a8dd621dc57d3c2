// Owns checking servers that are process 1, each in its own container, on one volume of sockets: their process ids are the same.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BINARY, createTempDir, runPhase, startInstance, type TempDir, WireClient } from "../support/index.js";

const ALONE = ["-m", "-p", "-f", "--kill-child", "--mount-proc"];
const canUnshare = process.getuid?.() === 0 && spawnSync("unshare", [...ALONE, "true"]).status === 0;

interface Container {
  readonly lines: string[];
  readonly process: ChildProcess;
  line(pattern: RegExp): Promise<string>;
  /** Tells its process 1 to end. */
  end(): Promise<void>;
}

let temp: TempDir;
let containers: Container[];
const volume = (): string => join(temp.path, "volume");

beforeEach(() => {
  temp = createTempDir("vol");
  mkdirSync(volume());
  containers = [];
  temp.write(
    "plugins/good.cjs",
    `module.exports = { Plugin: class { async access(kong) { await kong.request.getHost(); } }, Version: "1.0.0" };`,
  );
});

afterEach(() => {
  for (const { process: unshared } of containers) unshared.kill("SIGKILL");
  temp.remove();
});

function startContainer(name: string, flags: readonly string[] = []): Container {
  const args = ["-plugins-dir", join(temp.path, "plugins"), "-socket", join(volume(), name), "-drain-timeout", "1s", ...flags];
  const unshared = spawn("unshare", [...ALONE, BINARY, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  const lines: string[] = [];
  createInterface({ input: unshared.stderr }).on("line", (line) => lines.push(line));
  const container = {
    lines,
    process: unshared,
    line: async (pattern: RegExp) => {
      await expect.poll(() => lines.join("\n"), { timeout: 20_000, message: String(pattern) }).toMatch(pattern);
      return lines.find((line) => pattern.test(line)) ?? "";
    },
    end: async () => {
      const [first] = readFileSync(`/proc/${unshared.pid ?? 0}/task/${unshared.pid ?? 0}/children`, "utf8").split(" ");
      process.kill(Number(first), "SIGTERM");
      if (unshared.exitCode === null) await once(unshared, "exit");
    },
  };
  containers.push(container);
  return container;
}

async function serves(name: string): Promise<string> {
  const client = await WireClient.connect(join(volume(), name));
  const { end } = await runPhase(client, await startInstance(client, "good"), "access", { answer: () => "host" });
  await client.close();
  return end;
}

/** What a server may leave: the file with its last block of ids. */
const left = (): string[] => readdirSync(volume()).filter((name) => !name.includes(".ids-"));

describe.runIf(canUnshare)("two servers that are process 1", () => {
  it.each([[[]], [["-no-supervisor"]]])(
    "serve side by side, with flags %j",
    async (flags) => {
      const both = ["a.sock", "b.sock"].map((name) => startContainer(name, flags));
      await Promise.all(both.map((container) => container.line(/is listening on/)));
      expect([await serves("a.sock"), await serves("b.sock")]).toEqual(["ret", "ret"]);
      await both[0]?.end();
      expect(await serves("b.sock")).toBe("ret");
      await both[1]?.end();
      expect(left()).toEqual([]);
    },
    60_000,
  );

  it.each([[[]], [["-no-supervisor"]]])(
    "take one path over from each other, with flags %j",
    async (flags) => {
      // At once, as containers start that were restarted together.
      const both = [1, 2].map(() => startContainer("kong.sock", flags));
      await Promise.all(both.map((container) => container.line(/is listening on/)));
      const isFormer = ({ lines }: Container): boolean => lines.some((line) => line.includes("another server has taken"));
      await expect.poll(() => both.filter(isFormer).length, { timeout: 20_000 }).toBe(1);
      expect(await serves("kong.sock")).toBe("ret");
      await both.find(isFormer)?.end();
      expect(await serves("kong.sock")).toBe("ret");
      await both.find((container) => !isFormer(container))?.end();
      expect(left()).toEqual([]);
      expect(existsSync(join(volume(), "kong.sock"))).toBe(false);
    },
    60_000,
  );

  it("take the sockets of plugins over from each other, which several isolates serve", async () => {
    mkdirSync(join(volume(), "own"));
    const flags = ["-plugin-sockets", join(volume(), "own"), "-threads", "2"];
    const both = [1, 2].map(() => startContainer("kong.sock", flags));
    await Promise.all(both.map((container) => container.line(/plugin good 1\.0\.0 is listening/)));
    expect(await serves("own/good.socket")).toBe("ret");
    for (const container of both) await container.end();
    expect([left(), readdirSync(join(volume(), "own")).filter((name) => !name.includes(".ids-"))]).toEqual([["own"], []]);
  }, 60_000);
});

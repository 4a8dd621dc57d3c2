// Owns what the folder of the cache holds, and for whom: its limit, its leftovers, and whose it has to be.
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CacheFolder } from "../../../../src/core/plugins/index.js";
import { createTempDir, type TempDir } from "../../../support/index.js";

const HOUR = 3600;
let temp: TempDir;

beforeEach(() => (temp = createTempDir("cache")));
afterEach(() => temp.remove());

const place = (): string => join(temp.path, "own", "compiled");
const used = (name: string, secondsAgo: number): void => {
  const time = Date.now() / 1000 - secondsAgo;
  utimesSync(join(place(), name), time, time);
};
const text = (folder: CacheFolder, name: string): string | undefined =>
  folder.read(name, (entry) => entry.read(0, entry.size).toString());

describe("entries", () => {
  it("above the limit go, those that were unused for longest first, until a quarter of it is free", async () => {
    const folder = CacheFolder.open(place(), 100);
    for (const [index, name] of ["a", "b", "c", "d", "e"].entries()) {
      expect(folder.write(name, Buffer.alloc(25, name))).toBeUndefined();
      used(name, (10 - index) * HOUR);
    }
    used("a", 0);
    await folder.evict();
    expect(readdirSync(place()).sort()).toEqual(["a", "d", "e"]);
    expect(text(folder, "a")).toBe("a".repeat(25));
  });

  it("within the limit stay", async () => {
    const folder = CacheFolder.open(place(), 100);
    for (const name of ["a", "b", "c", "d"]) folder.write(name, Buffer.alloc(25));
    await folder.evict();
    expect(readdirSync(place())).toHaveLength(4);
  });

  it("that were never finished go after an hour, and not while they may be being written", async () => {
    const folder = CacheFolder.open(place());
    for (const name of ["old.new", "young.new"]) writeFileSync(join(place(), name), "x");
    used("old.new", 2 * HOUR);
    await folder.evict();
    expect(readdirSync(place())).toEqual(["young.new"]);
  });

  it("that are links, folders or not there are none", () => {
    const folder = CacheFolder.open(place());
    writeFileSync(join(temp.path, "elsewhere"), "x");
    symlinkSync(join(temp.path, "elsewhere"), join(place(), "link"));
    mkdirSync(join(place(), "folder"));
    expect(["link", "folder", "missing"].map((name) => text(folder, name))).toEqual([undefined, undefined, undefined]);
  });
});

describe("the folder", () => {
  it("is made for its user alone, with all above it", () => {
    CacheFolder.open(join(temp.path, "deep", "er", "own", "compiled"));
    expect(existsSync(join(temp.path, "deep", "er", "own", "compiled"))).toBe(true);
  });

  it.each([
    ["is open to others", 0o755, "compiled"],
    ["can be changed by others", 0o777, "."],
  ])("that %s is not used", (reason, mode, which) => {
    CacheFolder.open(place());
    chmodSync(join(temp.path, "own", which), mode);
    expect(() => CacheFolder.open(place())).toThrow(reason);
  });

  it("that is a link is not used, wherever it leads", () => {
    mkdirSync(join(temp.path, "real"), { mode: 0o700 });
    mkdirSync(join(temp.path, "own"), { mode: 0o700 });
    symlinkSync(join(temp.path, "real"), place());
    expect(() => CacheFolder.open(place())).toThrow("is no folder");
  });

  it("where nobody can make one is an error, and no endless try", () => {
    expect(() => CacheFolder.open("/proc/none/own/compiled")).toThrow(/ENOENT|EACCES|EPERM/);
  });
});

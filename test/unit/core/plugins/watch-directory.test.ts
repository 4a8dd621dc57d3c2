// Hints that a plugins directory changed: for what can matter, after a quiet moment, wherever the files are.
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DirectoryWatch } from "../../../../src/core/plugins/index.js";
import { createTempDir, type TempDir } from "../../../support/index.js";

let directory: TempDir;
let outside: TempDir;
let watch: DirectoryWatch;
let hints: number;

beforeEach(() => {
  directory = createTempDir("wd");
  outside = createTempDir("wo");
  hints = 0;
});

afterEach(async () => {
  await watch.close();
  directory.remove();
  outside.remove();
});

async function open(path = directory.path): Promise<void> {
  watch = await DirectoryWatch.open(path, {
    onHint: () => (hints += 1),
    onError: (error) => expect.unreachable(error.message),
  });
}

const hinted = (count: number): Promise<void> => expect.poll(() => hints, { timeout: 4000, interval: 10 }).toBe(count);

/** Long enough for a hint that should not come. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 400));

describe("a hint", () => {
  it("comes for many changes in a row, but not for each of them", async () => {
    await open();
    for (let i = 0; i < 20; i += 1) directory.write(`p${i}.ts`, "1");
    directory.write("folder/index.ts", "1");
    await hinted(1);
    await pause();
    // Once on a machine that has time; on a busy one the changes themselves are further apart.
    expect(hints).toBeLessThan(5);
  });

  it.each(["a.ts", "a.mts", "a.cjs", "a.json", "folder/deep/a.js", "..data/a.ts", "no-extension"])(
    "comes for %s",
    async (name) => {
      await open();
      directory.write(name, "1");
      await hinted(1);
    },
  );

  it.each([".hello.ts.swp", ".git/index", "node_modules/a/index.js", "access.log", "data.sqlite"])(
    "does not come for %s",
    async (name) => {
      mkdirSync(join(directory.path, ".git"));
      mkdirSync(join(directory.path, "node_modules"));
      await open();
      directory.write(name, "1");
      await pause();
      expect(hints).toBe(0);
    },
  );

  it("comes in time although something changes without end", async () => {
    await open();
    const noise = setInterval(() => directory.write(`n${Math.random()}.ts`, "1"), 20);
    try {
      await expect.poll(() => hints, { timeout: 3000 }).toBeGreaterThan(0);
    } finally {
      clearInterval(noise);
    }
  });

  it("does not come after the end", async () => {
    await open();
    directory.write("a.ts", "1");
    await watch.close();
    await watch.close();
    await pause();
    expect(hints).toBe(0);
  });
});

describe("files that are watched by name", () => {
  /** A first time leads to a hint of its own: they may have changed before they were watched. */
  const include = async (paths: readonly string[]): Promise<void> => {
    await watch.include(paths);
    await hinted(1);
    await watch.include(paths);
    hints = 0;
  };

  it("are so outside, through links, hidden, installed, and whatever they are called", async () => {
    const files = [
      outside.write("shared/text.txt", "1"),
      directory.write(".hidden/a.ts", "1"),
      directory.write("node_modules/p/package.json", "{}"),
    ];
    outside.write("shared/other.ts", "1");
    const target = outside.write("linked/a.ts", "1");
    symlinkSync(target, join(directory.path, "a.ts"));
    await open();
    await include([...files, join(directory.path, "a.ts")]);
    let count = 0;
    for (const file of [...files, target]) {
      writeFileSync(file, "changed");
      await hinted((count += 1));
    }
    outside.write("shared/other.ts", "2");
    await pause();
    expect(hints).toBe(count);
  });

  it("are so after they were replaced, or gone for a while, and no longer when they are left out", async () => {
    const file = outside.write("shared/text.ts", "1");
    await open();
    await include([file]);
    for (let i = 1; i <= 3; i += 1) {
      renameSync(outside.write("shared/next", String(i)), file);
      await expect.poll(() => hints, { timeout: 4000 }).toBeGreaterThan(0);
      await watch.include([file]);
      await pause();
      hints = 0;
    }
    rmSync(file);
    await hinted(1);
    await watch.include([file]);
    await pause();
    hints = 0;
    writeFileSync(file, "again");
    await hinted(1);
    await watch.include([]);
    writeFileSync(file, "once more");
    await pause();
    expect(hints).toBe(1);
  });
});

describe("a directory that is replaced", () => {
  it("is watched anew", async () => {
    directory.write("a.ts", "1");
    await open();
    rmSync(directory.path, { recursive: true });
    await expect.poll(() => hints, { timeout: 4000 }).toBeGreaterThan(0);
    mkdirSync(directory.path);
    let before = hints;
    await expect.poll(() => hints, { timeout: 4000 }).toBeGreaterThan(before);
    before = hints;
    directory.write("a.ts", "2");
    await expect.poll(() => hints, { timeout: 4000 }).toBeGreaterThan(before);
  });

  it("through a link is noticed, and so are changes behind it", async () => {
    directory.write("one/a.ts", "1");
    directory.write("two/a.ts", "2");
    symlinkSync("one", join(directory.path, "current"));
    await open(join(directory.path, "current"));
    symlinkSync("two", join(directory.path, "next"));
    renameSync(join(directory.path, "next"), join(directory.path, "current"));
    await hinted(1);
    directory.write("two/a.ts", "3");
    await hinted(2);
    directory.write("one/a.ts", "4");
    await pause();
    expect(hints).toBe(2);
  });
});

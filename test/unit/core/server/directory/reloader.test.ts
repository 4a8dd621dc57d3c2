// When the plugins directory is looked at: on request, one look after the other, and no more after the end.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Reloader } from "../../../../../src/core/server/directory/reloader.js";
import { createTempDir, type TempDir } from "../../../../support/index.js";

interface Look {
  finish(nextLook?: number): void;
}

let directory: TempDir;
let looks: Look[];
let reloader: Reloader;

function create(watch: boolean): Reloader {
  return new Reloader({
    directory: directory.path,
    watch,
    check: () => new Promise((finish) => void looks.push({ finish })),
    onWatchError: (error) => expect.unreachable(error.message),
  });
}

beforeEach(() => {
  directory = createTempDir("rld");
  looks = [];
  reloader = create(false);
});

afterEach(async () => {
  for (const look of looks) look.finish();
  await reloader.close();
  directory.remove();
});

const begun = (count: number): Promise<void> => expect.poll(() => looks.length, { timeout: 3000, interval: 5 }).toBe(count);

describe("requests", () => {
  it("during a look lead to one more, after it", async () => {
    for (let i = 0; i < 5; i += 1) void reloader.request();
    expect(looks).toHaveLength(1);
    for (let i = 0; i < 5; i += 1) void reloader.request();
    expect(looks).toHaveLength(1);
    looks[0]?.finish();
    await begun(2);
    looks[1]?.finish();
    await new Promise(setImmediate);
    expect(looks).toHaveLength(2);
    void reloader.request();
    expect(looks).toHaveLength(3);
  });

  it("are made by itself when a look asks for the next", async () => {
    void reloader.request();
    looks[0]?.finish(20);
    await begun(2);
  });

  it("after the end are none, also those that a look asked for", async () => {
    void reloader.request();
    looks[0]?.finish(1);
    await reloader.close();
    await reloader.close();
    void reloader.request();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect([looks.length, reloader.isClosed()]).toEqual([1, true]);
  });
});

describe("the end", () => {
  it("waits for a look that is under way, but not for ever", async () => {
    void reloader.request();
    let isClosed = false;
    const closed = reloader.close().then(() => (isClosed = true));
    await new Promise(setImmediate);
    expect(isClosed).toBe(false);
    looks[0]?.finish();
    await closed;
    reloader = create(false);
    void reloader.request();
    await reloader.close();
  });
});

it("changes of files are requests, where they are watched", async () => {
  directory.write("a.ts", "1");
  reloader = create(true);
  await reloader.start();
  directory.write("a.ts", "2");
  await begun(1);
});

// Ids of instances never repeat on a socket path: not after an end of any kind, and not between servers that run at once.
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { InstanceIds } from "../../../../../src/gateways/kong/server/takeover/instance-ids.js";
import { createTempDir, type TempDir } from "../../../../support/index.js";

const BLOCK = 2 ** 16;
const LARGEST = 2 ** 31 - 1;

let directory: TempDir;

beforeEach(() => {
  directory = createTempDir("id");
});

afterEach(() => {
  vi.restoreAllMocks();
  directory.remove();
});

const open = (): InstanceIds => new InstanceIds(join(directory.path, "s.sock"), (error) => expect.unreachable(error.message));

it("go up by one, and leave no file before the first", () => {
  const ids = open();
  expect(readdirSync(directory.path)).toEqual([]);
  const first = ids.next();
  expect([ids.next(), ids.next()]).toEqual([first + 1, first + 2]);
  expect(readdirSync(directory.path)).toHaveLength(1);
});

it("are others after each start, until all have been used", () => {
  vi.spyOn(Math, "random").mockReturnValue(0);
  const starts = Array.from({ length: 100 }, () => open().next());
  expect(starts).toEqual(starts.map((_, index) => Math.max(1, index * BLOCK)));
  expect(readdirSync(directory.path)).toEqual([".s.sock.ids-99"]);
});

it("go on in another block where one ends, while another server has the one behind", () => {
  vi.spyOn(Math, "random").mockReturnValue(0);
  const [mine, other] = [open(), open()];
  expect([mine.next(), other.next()]).toEqual([1, BLOCK]);
  for (let id = 2; id < BLOCK; id += 1) expect(mine.next()).toBe(id);
  expect(mine.next()).toBe(2 * BLOCK);
  expect(other.next()).toBe(BLOCK + 1);
});

it("stay within an int32 and come round", () => {
  writeFileSync(join(directory.path, ".s.sock.ids-32766"), "");
  const last = open();
  const first = last.next();
  expect(first).toBe(LARGEST + 1 - BLOCK);
  for (let i = 1; i < BLOCK; i += 1) last.next();
  expect(last.next()).toBe(1);
});

it("start at random where the file is lost, and take no notice of other files", () => {
  writeFileSync(join(directory.path, ".s.sock.ids-x"), "");
  writeFileSync(join(directory.path, ".t.sock.ids-5"), "");
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  expect(open().next()).toBe(2 ** 14 * BLOCK);
});

it("go past folders and links that somebody planted, and touch neither them nor what is behind them", () => {
  const at = (name: string): string => join(directory.path, name);
  writeFileSync(at("precious"), "mine");
  mkdirSync(at(".s.sock.ids-7"));
  writeFileSync(at(".s.sock.ids-7/file"), "mine");
  symlinkSync(at("precious"), at(".s.sock.ids-8"));
  symlinkSync(at("nowhere"), at(".s.sock.ids-9"));
  symlinkSync(directory.path, at(".s.sock.ids-10"));
  for (const name of ["0x20", "1e3", " 12", "007", "-3"]) writeFileSync(at(`.s.sock.ids-${name}`), "");
  expect(open().next()).toBe(11 * BLOCK);
  expect(open().next()).toBe(12 * BLOCK);
  expect(lstatSync(at(".s.sock.ids-8")).isSymbolicLink()).toBe(true);
  expect(existsSync(at("nowhere"))).toBe(false);
  expect(readdirSync(at(".s.sock.ids-7"))).toEqual(["file"]);
  expect(readdirSync(directory.path).filter((name) => name.includes("ids-1"))).toEqual([
    ".s.sock.ids-10",
    ".s.sock.ids-12",
    ".s.sock.ids-1e3",
  ]);
});

it("start at random, and say so, where somebody planted a number that has no next", () => {
  mkdirSync(join(directory.path, ".s.sock.ids-9999999999"));
  const errors: Error[] = [];
  for (let start = 0; start < 2; start += 1) {
    const ids = new InstanceIds(join(directory.path, "s.sock"), (error) => errors.push(error));
    expect(ids.next()).toSatisfy((id: number) => Number.isInteger(id) && id >= 1 && id <= LARGEST);
  }
  expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining("is in the way")]);
});

it("start at random, and say so, where nothing can be kept", () => {
  rmSync(directory.path, { recursive: true });
  const errors: Error[] = [];
  const ids = new InstanceIds(join(directory.path, "s.sock"), (error) => errors.push(error));
  const id = ids.next();
  expect(id).toSatisfy((value: number) => Number.isInteger(value) && value >= 1 && value <= LARGEST);
  expect(ids.next()).toBe(id + 1);
  expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining("ENOENT")]);
});

it("are different for servers that start at once", async () => {
  const code = `const { parentPort, workerData } = require("node:worker_threads");
    import(workerData.module).then(({ InstanceIds }) => {
      const claimed = Array.from({ length: 50 }, () => new InstanceIds(workerData.path, (error) => { throw error; }).next());
      parentPort.postMessage(claimed);
    });`;
  const module = new URL("../../../../../dist/gateways/kong/server/takeover/instance-ids.js", import.meta.url).href;
  const workerData = { module, path: join(directory.path, "s.sock") };
  const claims = await Promise.all(
    Array.from({ length: 4 }, () => {
      const worker = new Worker(code, { eval: true, workerData });
      return new Promise<number[]>((resolve, reject) => worker.once("message", resolve).once("error", reject));
    }),
  );
  expect(new Set(claims.flat()).size).toBe(200);
});

// Frames come out whole and in order, however their bytes were cut; those over the limit are passed over.
import { afterEach, describe, expect, it, vi } from "vitest";
import { FrameReader, OVERSIZED_FRAME } from "../../../src/wire/index.js";

const LIMIT = 300;

function frame(text: string): Buffer {
  const bytes = Buffer.from(text);
  const header = Buffer.alloc(4);
  header.writeUInt32LE(bytes.length);
  return Buffer.concat([header, bytes]);
}

const TEXTS = ["kong.request.get_header", "", "x", "", "", "a".repeat(256), "é".repeat(100)];
const STREAM = Buffer.concat(TEXTS.map(frame));

function read(chunks: readonly Buffer[], limit = LIMIT): string[] {
  const reader = new FrameReader(limit);
  return chunks
    .flatMap((chunk) => reader.push(chunk))
    .map((bytes) => (bytes === OVERSIZED_FRAME ? "oversized" : bytes.toString()));
}

function chunksOf(bytes: Buffer, size: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return chunks;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a stream of frames", () => {
  it("in one chunk", () => {
    expect(read([STREAM])).toEqual(TEXTS);
  });

  it.each([1, 2, 3, 4, 5, 7, 64, 255])("in chunks of %i bytes", (size) => {
    expect(read(chunksOf(STREAM, size))).toEqual(TEXTS);
  });

  it("split in two at every place", () => {
    for (let at = 0; at <= STREAM.length; at += 1) expect(read([STREAM.subarray(0, at), STREAM.subarray(at)])).toEqual(TEXTS);
  });

  it("gives nothing before a frame's last byte is in", () => {
    const reader = new FrameReader(LIMIT);
    const bytes = frame("four");
    for (const byte of bytes.subarray(0, -1)) expect(reader.push(Buffer.of(byte))).toEqual([]);
    expect(reader.push(bytes.subarray(-1))).toHaveLength(1);
  });
});

describe("a frame over the limit", () => {
  const stream = Buffer.concat([frame("before"), frame("b".repeat(LIMIT + 1)), frame("after"), frame("c".repeat(LIMIT))]);

  it.each([1, 3, 4, 100, stream.length])("is told of, and passed over, in chunks of %i bytes", (size) => {
    expect(read(chunksOf(stream, size))).toEqual(["before", "oversized", "after", "c".repeat(LIMIT)]);
  });

  it("is told of as soon as its length is known", () => {
    expect(read([Buffer.from("ffffffff", "hex")])).toEqual(["oversized"]);
    expect(read([Buffer.from("ff", "hex"), Buffer.from("ffff", "hex"), Buffer.from("ff", "hex")])).toEqual(["oversized"]);
  });

  it("is not kept", () => {
    const reader = new FrameReader(1024);
    const header = Buffer.alloc(4);
    header.writeUInt32LE(64 * 1024 * 1024);
    const chunk = Buffer.alloc(64 * 1024);
    const concat = vi.spyOn(Buffer, "concat");
    expect(reader.push(header)).toEqual([OVERSIZED_FRAME]);
    for (let i = 0; i < 1024; i += 1) expect(reader.push(chunk)).toEqual([]);
    expect(reader.push(frame("next")).map(String)).toEqual(["next"]);
    expect(concat).toHaveBeenCalledTimes(1); // the one of `frame`
  });
});

it("copies a large frame once, and one that is whole not at all", () => {
  const reader = new FrameReader(1e9);
  const body = Buffer.alloc(10 * 1024 * 1024, 1);
  const bytes = frame(body.toString("latin1"));
  const chunks = chunksOf(bytes, 64 * 1024);
  const concat = vi.spyOn(Buffer, "concat");
  const [whole] = chunks.flatMap((chunk) => reader.push(chunk));
  expect(whole?.equals(body)).toBe(true);
  expect(concat).toHaveBeenCalledTimes(1);
  const small = frame("small");
  concat.mockClear();
  const [same] = reader.push(small);
  expect(same?.buffer).toBe(small.buffer);
  expect(concat).not.toHaveBeenCalled();
});

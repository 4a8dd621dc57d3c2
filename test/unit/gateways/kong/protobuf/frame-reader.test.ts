// Frames come out whole and in order, however their bytes were cut; those over the limit are passed over.
import { afterEach, describe, expect, it, vi } from "vitest";
import { FrameReader, OVERSIZED_FRAME } from "../../../../../src/gateways/kong/protobuf/index.js";

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
  return chunks.flatMap((chunk) => push(reader, chunk));
}

/** The chunk's memory is used again, as a connection does. */
function push(reader: FrameReader, chunk: Buffer): string[] {
  const frames: string[] = [];
  const reused = Buffer.from(chunk);
  reader.push(reused, (bytes) => frames.push(bytes === OVERSIZED_FRAME ? "oversized" : bytes.toString()));
  reused.fill("!");
  return frames;
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
    for (const byte of bytes.subarray(0, -1)) expect(push(reader, Buffer.of(byte))).toEqual([]);
    expect(push(reader, bytes.subarray(-1))).toEqual(["four"]);
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
    const alloc = vi.spyOn(Buffer, "allocUnsafeSlow");
    expect(push(reader, header)).toEqual(["oversized"]);
    for (let i = 0; i < 1024; i += 1) expect(push(reader, chunk)).toEqual([]);
    expect(push(reader, frame("next"))).toEqual(["next"]);
    expect(alloc).not.toHaveBeenCalled();
  });
});

it("makes room for a large frame as it comes, and for one that is whole none", () => {
  const reader = new FrameReader(1e9);
  const body = "b".repeat(10 * 1024 * 1024);
  const chunks = chunksOf(frame(body), 64 * 1024);
  const alloc = vi.spyOn(Buffer, "allocUnsafeSlow");
  const rooms = (): number[] => alloc.mock.calls.map(([size]) => size);
  push(reader, chunks[0] ?? Buffer.alloc(0));
  expect(Math.max(...rooms())).toBeLessThan(1024 * 1024);
  expect(chunks.slice(1).flatMap((chunk) => push(reader, chunk))).toEqual([body]);
  // The last holds the frame, and those before it together a third of that.
  expect(rooms().at(-1)).toBe(body.length);
  expect(rooms().reduce((sum, size) => sum + size)).toBeLessThan(body.length * 1.8);
  alloc.mockClear();
  expect(push(reader, frame("small"))).toEqual(["small"]);
  expect(alloc).not.toHaveBeenCalled();
});

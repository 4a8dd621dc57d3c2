// Owns checking every ProtoBuf:1 transcript of every gateway generation against the real server, also cut into pieces.
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FrameClient } from "../support/index.js";
import { readProtobufRecording } from "./protobuf-recording.js";
import { replayProtobuf } from "./protobuf-replay.js";
import { checkProtobufTable } from "./protobuf-table.js";
import { recordingsByTag } from "./recordings-list.js";
import { ScriptedServer } from "./scripted-server.js";

describe.each([...recordingsByTag("protobuf")])("Kong %s", (_tag, files) => {
  const server = new ScriptedServer();

  beforeAll(() => server.start());
  afterAll(() => server.close());

  it.each(files.filter(({ scenario }) => !scenario.startsWith("pdk-")))("$scenario", async ({ path }) => {
    const result = await replayProtobuf(readProtobufRecording(path), server);
    expect(result.differences).toEqual([]);
    expect(result.compared).toBeGreaterThan(0);
  });

  it.each(files.filter(({ scenario }) => scenario.startsWith("pdk-")))("$scenario", async ({ path }) => {
    const { checked, problems } = await checkProtobufTable(readProtobufRecording(path), server);
    expect(problems).toEqual([]);
    expect(checked).toBeGreaterThan(50);
  });
});

describe("a recorded conversation", () => {
  const server = new ScriptedServer();
  const recording = readProtobufRecording(
    fileURLToPath(new URL("./recordings/2.8.5/protobuf/two-plugins.jsonl", import.meta.url)),
  );
  const longest = Math.max(
    ...recording.lines.map((line) => (line.kind === "frame" && line.fromGateway ? (line.bytes?.length ?? 0) + 4 : 0)),
  );
  /** Lets what was written leave as a packet of its own. */
  const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  beforeAll(() => server.start());
  afterAll(() => server.close());

  it("byte by byte", async () => {
    const result = await replayProtobuf(recording, server, async (client, bytes) => {
      for (const byte of bytes) {
        client.write(Uint8Array.of(byte));
        await tick();
      }
    });
    expect(result.differences).toEqual([]);
  });

  it(`split at every position from 1 to ${longest - 1}`, { timeout: 60_000 }, async () => {
    for (let at = 1; at < longest; at++) {
      const result = await replayProtobuf(recording, server, async (client: FrameClient, bytes: Buffer) => {
        if (at >= bytes.length) return client.write(bytes);
        client.write(bytes.subarray(0, at));
        await tick();
        client.write(bytes.subarray(at));
      });
      expect(result.differences, `split at ${at}`).toEqual([]);
    }
  });
});

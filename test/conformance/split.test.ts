// Owns checking that a recorded conversation means the same however its bytes are cut.
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { WireClient } from "../support/index.js";
import { readRecording } from "./recording.js";
import { replay } from "./replay.js";
import { ScriptedServer } from "./scripted-server.js";

const RECORDING = readRecording(fileURLToPath(new URL("./recordings/2.8.5/two-plugins.jsonl", import.meta.url)));

const longest = Math.max(
  ...RECORDING.lines.map((line) => (line.kind === "msg" && line.fromGateway ? (line.bytes?.length ?? 0) : 0)),
);

/** Lets what was written leave as a packet of its own. */
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a recorded conversation", () => {
  const server = new ScriptedServer();

  beforeAll(() => server.start());
  afterAll(() => server.close());

  it("byte by byte", async () => {
    const result = await replay(RECORDING, server, async (client, bytes) => {
      for (const byte of bytes) {
        client.write(Uint8Array.of(byte));
        await tick();
      }
    });
    expect(result.differences).toEqual([]);
  });

  it(`split at every position from 1 to ${longest - 1}`, { timeout: 60_000 }, async () => {
    for (let at = 1; at < longest; at++) {
      const result = await replay(RECORDING, server, async (client: WireClient, bytes: Buffer) => {
        if (at >= bytes.length) return client.write(bytes);
        client.write(bytes.subarray(0, at));
        await tick();
        client.write(bytes.subarray(at));
      });
      expect(result.differences, `split at ${at}`).toEqual([]);
    }
  });
});

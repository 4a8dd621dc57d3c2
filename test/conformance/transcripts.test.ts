// Owns checking every transcript of every gateway generation against the real server.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRecording } from "./recording.js";
import { recordingsByTag } from "./recordings-list.js";
import { replay } from "./replay.js";
import { ScriptedServer } from "./scripted-server.js";

describe.each([...recordingsByTag()])("Kong %s", (_tag, files) => {
  const server = new ScriptedServer();

  beforeAll(() => server.start());
  afterAll(() => server.close());

  it.each(files.filter(({ scenario }) => !scenario.startsWith("pdk-")))("$scenario", async ({ path }) => {
    const result = await replay(readRecording(path), server);
    expect(result.differences).toEqual([]);
    expect(result.compared).toBeGreaterThan(0);
  });
});

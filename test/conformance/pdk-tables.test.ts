// Owns checking what every PDK function asks for and gives back, per gateway generation and phase.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkTable } from "./pdk-table.js";
import { readRecording } from "./recording.js";
import { recordingsByTag } from "./recordings-list.js";
import { ScriptedServer } from "./scripted-server.js";

const tables = [...recordingsByTag()].map(
  ([tag, files]) => [tag, files.filter(({ scenario }) => scenario.startsWith("pdk-"))] as const,
);

describe.each(tables.filter(([, files]) => files.length > 0))("Kong %s", (_tag, files) => {
  const server = new ScriptedServer();

  beforeAll(() => server.start());
  afterAll(() => server.close());

  it.each(files)("$scenario", async ({ path }) => {
    const result = await checkTable(readRecording(path), server);
    expect(result.problems).toEqual([]);
  });
});

// Owns finding the recordings: the compact set kept here, and the whole collection where that folder is there.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const OWN = fileURLToPath(new URL("./recordings", import.meta.url));
const SHARED = fileURLToPath(new URL("../../../shared/vectors", import.meta.url));

export interface RecordingFile {
  readonly tag: string;
  readonly scenario: string;
  readonly path: string;
}

/** The MsgPack:1 recordings by tag: all of the shared folder, else the compact set. */
export function recordingsByTag(): Map<string, RecordingFile[]> {
  const files = existsSync(SHARED) ? [...filesIn(SHARED), ...filesIn(OWN)] : filesIn(OWN);
  const unique = new Map(files.map((file) => [`${file.tag}/${file.scenario}`, file]));
  const byTag = new Map<string, RecordingFile[]>();
  for (const file of unique.values()) byTag.set(file.tag, [...(byTag.get(file.tag) ?? []), file]);
  return byTag;
}

function filesIn(root: string): RecordingFile[] {
  const tags = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return tags.flatMap(({ name: tag }) =>
    readdirSync(join(root, tag))
      .filter((name) => name.endsWith(".jsonl"))
      .sort()
      .map((name) => ({ tag, scenario: name.slice(0, -".jsonl".length), path: join(root, tag, name) })),
  );
}

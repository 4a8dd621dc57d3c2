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

/** The recordings by tag: all of the shared folder, else the compact set. */
export function recordingsByTag(protocol: "msgpack" | "protobuf" = "msgpack"): Map<string, RecordingFile[]> {
  const folder = protocol === "protobuf" ? "protobuf" : ".";
  const files = existsSync(SHARED) ? [...filesIn(SHARED, folder), ...filesIn(OWN, folder)] : filesIn(OWN, folder);
  const unique = new Map(files.map((file) => [`${file.tag}/${file.scenario}`, file]));
  const byTag = new Map<string, RecordingFile[]>();
  for (const file of unique.values()) byTag.set(file.tag, [...(byTag.get(file.tag) ?? []), file]);
  return byTag;
}

function filesIn(root: string, folder: string): RecordingFile[] {
  const tags = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const kept = tags.filter(({ name: tag }) => existsSync(join(root, tag, folder)));
  return kept.flatMap(({ name: tag }) =>
    readdirSync(join(root, tag, folder))
      .filter((name) => name.endsWith(".jsonl"))
      .sort()
      .map((name) => ({ tag, scenario: name.slice(0, -".jsonl".length), path: join(root, tag, folder, name) })),
  );
}

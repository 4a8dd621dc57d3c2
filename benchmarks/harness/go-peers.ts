// Builds the servers that are written in Go, where Go is there, and leaves out those that cannot be built.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Peer } from "./peers.js";

/** `{go}/tyk/server`: the folder of `peers/go` that it is built from. */
const BUILT = /^\{go\}\/([\w-]+)\//;
const MAX_REASON = 160;

/** The peers that can be started; `tell` gets a line for each other one. */
export function buildGoPeers(directory: string, peers: readonly Peer[], tell: (line: string) => void): Peer[] {
  const reasons = new Map<string, string | undefined>();
  return peers.filter(({ name, start }) => {
    const [, folder] = BUILT.exec(start[0] ?? "") ?? [];
    if (folder === undefined) return true;
    if (!reasons.has(folder)) reasons.set(folder, whyNotBuilt(directory, folder));
    const reason = reasons.get(folder);
    if (reason !== undefined) tell(`${name} is left out: ${reason}`);
    return reason === undefined;
  });
}

/** Built in a copy: Go writes the sums of modules that are new to it beside go.mod. */
function whyNotBuilt(directory: string, folder: string): string | undefined {
  const copy = join(directory, ".cache", "go", folder);
  mkdirSync(copy, { recursive: true });
  cpSync(join(directory, "peers", "go", folder), copy, { recursive: true });
  const { error, status, stderr } = spawnSync("go", ["build", "-mod=mod", "-o", `${copy}/`, "."], {
    cwd: copy,
    encoding: "utf8",
  });
  if (error !== undefined) return "there is no Go";
  if (status === 0) return undefined;
  const [line = ""] = stderr.split("\n").filter((text) => /\S/.test(text) && !text.startsWith("go: downloading"));
  return `Go cannot build peers/go/${folder}: ${line.trim().slice(0, MAX_REASON)}`;
}

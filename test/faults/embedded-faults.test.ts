// Owns causing the same faults in a plugin that is a program of its own: what ends at its event, and what needs an isolate for that.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  BINARY,
  connectPeer,
  createTempDir,
  type Peer,
  PROTOCOLS,
  type RunningServer,
  startProgram,
  type TempDir,
} from "../support/index.js";
import { causeFault, type Fault, IN_A_THREAD, WITHOUT_ISOLATE } from "./faults.js";

const PLUGIN = fileURLToPath(new URL("../fixtures/isolate-faults/misbehaves.cjs", import.meta.url));
const FLAGS = ["-event-timeout", "3s", "-stall-timeout", "1s", "-isolate-memory", "96MB"];

interface Way {
  readonly way: string;
  readonly flags: readonly string[];
  readonly faults: readonly Fault[];
}

const WAYS: readonly Way[] = [
  { way: "in the thread of its socket", flags: [], faults: WITHOUT_ISOLATE },
  { way: "in two isolates", flags: ["-threads", "2"], faults: IN_A_THREAD },
];

const CASES = WAYS.flatMap((way) => PROTOCOLS.map((protocol) => ({ ...way, protocol })));

describe.each(CASES)("a program $way, over $protocol", ({ flags, faults, protocol }) => {
  let temp: TempDir;
  let program: RunningServer;
  let peer: Peer;

  beforeEach(async () => {
    temp = createTempDir("emf");
    const socketPath = join(temp.path, "misbehaves.socket");
    program = await startProgram({ command: [BINARY, "run", PLUGIN, "-socket", socketPath, ...FLAGS, ...flags], socketPath });
    peer = await connectPeer(protocol, socketPath);
  });

  afterEach(async () => {
    await peer.close();
    expect(await program.close()).toEqual({ code: 0, signal: null });
    temp.remove();
  });

  it.each(faults)("$how", { timeout: 60_000 }, async (fault) => {
    await causeFault(fault, program, peer);
  });
});

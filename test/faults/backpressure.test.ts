// Owns checking that a client that sends and never reads costs bounded memory, and nobody else's time.
import { connect } from "node:net";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { encodeRequest, startServer } from "../support/index.js";
import { Bystander } from "./bystander.js";
import { processState } from "./process-state.js";

const FAULTS = fileURLToPath(new URL("../fixtures/faults", import.meta.url));

/** Writes until the other side stops taking, or `limit` bytes are out. */
function flood(socket: Socket, chunk: Buffer, limit: number): Promise<number> {
  return new Promise((resolve) => {
    let sent = 0;
    let stuck: NodeJS.Timeout | undefined;
    const done = (): void => resolve(sent);
    const more = (): void => {
      clearTimeout(stuck);
      while (sent < limit) {
        sent += chunk.length;
        if (!socket.write(chunk)) break;
      }
      if (sent >= limit) return done();
      stuck = setTimeout(done, 1_500);
    };
    socket.on("drain", more);
    socket.once("error", done);
    socket.once("close", done);
    more();
  });
}

it("a client that never reads", { timeout: 60_000 }, async () => {
  const server = await startServer({ plugins: FAULTS });
  const bystander = await Bystander.begin(server.socketPath);
  const before = processState(server.pid).residentBytes;
  const socket = connect(server.socketPath);
  socket.pause();
  const requests = Buffer.concat(Array.from({ length: 500 }, (_, id) => encodeRequest(id, "plugin.GetPluginInfo", "asks")));
  // Its answers would be ten times that.
  await flood(socket, requests, 30 * 1024 * 1024);
  const grown = processState(server.pid).residentBytes - before;
  socket.destroy();
  const { troubles, phases, slowestMs } = await bystander.stop();
  await server.close();
  expect(troubles).toEqual([]);
  expect(phases).toBeGreaterThan(0);
  expect(slowestMs).toBeLessThan(2_000);
  expect(grown).toBeLessThan(100 * 1024 * 1024);
});

// Takes what an isolate finds out about itself through a file that nobody else can read, and leaves none behind.
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Answer } from "./http-server.js";

/** `write` has the file written, which is there and empty. */
export async function diagnosisAnswer(write: (file: string) => Promise<void>): Promise<Answer> {
  const folder = await mkdtemp(join(tmpdir(), "pluginserver-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const path = join(folder, "diagnosis");
    const file = await open(path, "wx+", 0o600);
    try {
      await write(path);
      const { size } = await file.stat();
      const body = createReadStream(path);
      body.once("close", () => void remove().catch(() => {}));
      return { headers: { "content-type": "application/octet-stream", "content-length": String(size) }, body };
    } finally {
      await file.close();
    }
  } catch (error) {
    await remove();
    throw error;
  }
}

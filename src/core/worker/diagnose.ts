// Looks into the isolate that it runs in, for an operator: its heap, or where its processor time goes.
import { writeFile } from "node:fs/promises";
import { Session } from "node:inspector/promises";
import { setTimeout as wait } from "node:timers/promises";
import { writeHeapSnapshot } from "node:v8";
import { messageOf } from "../model/index.js";
import type { Diagnosis } from "../channel/index.js";

/** Resolves when the result is in the file, or with why it is not. A heap snapshot stops the thread for as long as it takes. */
export async function diagnose(diagnosis: Diagnosis): Promise<string | undefined> {
  try {
    if (diagnosis.kind === "heap") writeHeapSnapshot(diagnosis.file);
    else await writeFile(diagnosis.file, JSON.stringify(await profile(diagnosis.milliseconds)));
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

async function profile(milliseconds: number): Promise<object> {
  const session = new Session();
  session.connect();
  try {
    await session.post("Profiler.enable");
    await session.post("Profiler.start");
    await wait(milliseconds);
    return (await session.post("Profiler.stop")).profile;
  } finally {
    session.disconnect();
  }
}

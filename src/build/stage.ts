// Gives what is built a place beside the one where it is going to be: it is put there when it has shown that it runs.
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { makeFolder } from "../core/runtime/index.js";

export interface Stage {
  /** Where it is going to be: the folder `out`, which is made. */
  readonly folder: string;
  /** Under a name in it that no server looks at; gone in the end. */
  readonly stage: string;
}

export async function onStage<Result>(out: string, build: (places: Stage) => Promise<Result>): Promise<Result> {
  makeFolder(resolve(out));
  const folder = await realpath(resolve(out));
  const stage = await mkdtemp(join(folder, ".pluginserver-build-"));
  try {
    return await build({ folder, stage });
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

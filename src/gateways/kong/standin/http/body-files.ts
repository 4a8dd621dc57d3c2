// Runs the PDK calls of an event in ProtoBuf:1, in which a large body goes to the plugin server as a file.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { callPdk, PdkCall } from "../../pdk-functions/index.js";
import type { PlayPdkCall } from "../protobuf/protobuf-client.js";

const RAW_BODY = "kong.request.get_raw_body";

/** The files are there as long as the event runs. */
export async function playWithFiles<T>(
  call: PdkCall,
  runPdk: typeof callPdk,
  runEvent: (play: PlayPdkCall) => Promise<T>,
): Promise<T> {
  const folders: string[] = [];
  const toFile = async (body: Buffer): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), "gateway-body-"));
    folders.push(folder);
    const path = join(folder, "body");
    await writeFile(path, body);
    return path;
  };
  try {
    return await runEvent(async (method, args) => {
      const answer = await runPdk(call, method, method === RAW_BODY ? [0] : args);
      if (answer.kind === "ended" || method !== RAW_BODY || !Buffer.isBuffer(answer.data)) return answer;
      const isLarge = answer.data.length > call.facts.bodyBufferBytes;
      return { kind: "step", data: isLarge ? await toFile(answer.data) : answer.data };
    });
  } finally {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  }
}

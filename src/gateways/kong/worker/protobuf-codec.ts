// The codec of ProtoBuf:1, and the bodies that its gateways leave in files.
import { open } from "node:fs/promises";
import { BodyFile, decodePdkResult, encodePdkCall } from "../protobuf/index.js";
import type { CallCodec } from "./handler-event.js";

export function protobufCodec(maxBodySize: number): CallCodec {
  return {
    encodeCall: encodePdkCall,
    decodeResult: (method, data) => {
      const result = decodePdkResult(method, data);
      return result instanceof BodyFile ? readBody(result.path, maxBodySize) : result;
    },
  };
}

/** @throws {Error} for a file that cannot be read, or that is larger than bodies may be. */
async function readBody(path: string, maxBodySize: number): Promise<Buffer> {
  // Opened before it is measured: the gateway may remove it as soon as its request is over.
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > maxBodySize)
      throw new Error(`the body in ${path} has ${size} bytes, and ${maxBodySize} are allowed: see -max-message-size`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

// The door of stamp: what a built plugin says of itself, and who vouches for it.
export {
  type BuildStamp,
  type NativeStamp,
  runningAbi,
  runningPlatform,
  type BuildReading,
  BUILD_HEADER,
  readBuild,
  writeBuild,
  hashFolder,
} from "./built-file.js";
export {
  type BuildSignature,
  readSigningKey,
  readTrustedKeys,
  type SigningKey,
  type TrustedKey,
  verifySignature,
} from "./keys.js";

// The door of stamp: what a built plugin says of itself, and who vouches for it.
export { hashFolder } from "./hash-folder.js";
export { readSigningKey, readTrustedKeys, type SigningKey, StampKeyError, type TrustedKey, verifySignature } from "./keys.js";
export { type BuildReading, type BuildSignature, BUILD_HEADER, readBuild, writeBuild } from "./built-file.js";
export { type BuildStamp, type NativeStamp, runningAbi, runningPlatform } from "./build-stamp.js";

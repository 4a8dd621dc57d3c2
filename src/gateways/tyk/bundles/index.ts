// The door of bundles: zip files that a gateway takes its hooks from and this server its plugins.
export { authorizationOf, fetchReason, readBodyWithin, readFileWithin } from "./bounded-reading.js";
export { bundleHash, type OpenedBundle, openBundle, SEAL_NAME } from "./bundle.js";
export { type BundleSource, bundleSource } from "./bundle-source.js";
export type { LoadedBundle } from "./bundle-slot.js";
export { BundleStore, type BundleStoreOptions } from "./bundle-store.js";
export { BundleError, type BundleErrorCode } from "./errors.js";
export { KeptZips } from "./kept-zips.js";
export { readPublicKey, readBundleKey, type BundleKey, type VerifyingKey } from "./keys.js";
export { type BundleManifest, parseHooks } from "./manifest.js";
export { type ArchiveLimits, ARCHIVE_LIMITS } from "./read-archive.js";
export { type BundleContents, type WrittenBundle, writeBundle } from "./write-bundle.js";

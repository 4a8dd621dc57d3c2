// The door of releases: what each release of the Tyk gateway does with rich plugins, as facts that the others decide by.
export { findTykRelease, NEWEST_RELEASE, type TykRelease, ReleaseError, type ReleaseErrorCode } from "./tyk-release.js";

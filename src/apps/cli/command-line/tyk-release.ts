// Finds the release of the Tyk gateway that a command line names.
import { UsageError } from "../../../core/model/index.js";
import { findTykRelease, NEWEST_RELEASE, ReleaseError, type TykRelease } from "../../../gateways/tyk/releases/index.js";

/** The newest that is known where none is named. @throws {UsageError} */
export function requireRelease(version = NEWEST_RELEASE): TykRelease {
  try {
    return findTykRelease(version);
  } catch (error) {
    if (error instanceof ReleaseError) throw new UsageError(`-tyk-version ${version}: ${error.message}`, { cause: error });
    throw error;
  }
}

// Reads what the command line says of Tyk gateways.
import { UsageError } from "../../core/model/index.js";
import { type GivenFlags, namedFlags, settingsOf } from "../flags/index.js";
import type { TykServing } from "./invocation.js";

/** Undefined where they are not served. @throws {UsageError} for flags that do not go together. */
export function servingTyk(given: GivenFlags, saidKong: boolean): TykServing | undefined {
  const { tyk, ...others } = settingsOf(namedFlags("tyk", "tyk-apps", "tyk-api", "tyk-secret-file"), given);
  const { tykApps: apps, tykApi: api, tykSecretFile: secretFile } = others;
  const isSaid = Object.values(others).some((value) => value !== undefined);
  if (tyk === undefined && isSaid) throw new UsageError("-tyk is missing: say where Tyk gateways find the server");
  if (tyk === undefined) return undefined;
  if (apps !== undefined && api !== undefined)
    throw new UsageError("-tyk-apps and -tyk-api both say where API definitions are: give one of them");
  return { address: tyk, apps, api, secretFile, isAlone: !saidKong };
}

// Reads what the command line says of Tyk gateways.
import { UsageError } from "../../core/model/index.js";
import type { TykServing } from "./invocation.js";

export interface TykValues {
  readonly tyk?: string;
  readonly tykApps?: string;
  readonly tykApi?: string;
  readonly tykSecretFile?: string;
  /** Whether it is said where Kong finds the server. */
  readonly saysKong: boolean;
}

/** Undefined where they are not served. @throws {UsageError} for flags that do not go together. */
export function servingTyk({ tyk, tykApps, tykApi, tykSecretFile, saysKong }: TykValues): TykServing | undefined {
  const others = [tykApps, tykApi, tykSecretFile].filter((value) => value !== undefined);
  if (tyk === undefined && others.length > 0) throw new UsageError("-tyk is missing: say where Tyk gateways find the server");
  if (tyk === undefined) return undefined;
  if (tykApps !== undefined && tykApi !== undefined)
    throw new UsageError("-tyk-apps and -tyk-api both say where API definitions are: give one of them");
  return { address: tyk, apps: tykApps, api: tykApi, secretFile: tykSecretFile, isAlone: !saysKong };
}

// Reads what the command line says of Tyk gateways.
import { UsageError } from "../../../core/model/index.js";
import { type GivenFlags, namedFlags, requireTykPlaces, settingsOf } from "../../flags/index.js";
import type { BundleServing, TykServing } from "./invocation.js";

/** Undefined where they are not served. @throws {UsageError} for flags that do not go together. */
export function servingTyk(given: GivenFlags, saidKong: boolean): TykServing | undefined {
  const { tyk, ...others } = settingsOf(namedFlags("tyk", "tyk-apps", "tyk-api", "tyk-secret-file"), given);
  const { tykApps: apps, tykApi: api, tykSecretFile: secretFile } = others;
  const bundles = servingBundles(given);
  const isSaid = bundles !== undefined || Object.values(others).some((value) => value !== undefined);
  if (tyk === undefined && isSaid) throw new UsageError("-tyk is missing: say where Tyk gateways find the server");
  if (tyk === undefined) return undefined;
  if (tyk === true) throw new UsageError("-tyk takes an address: tcp://HOST:PORT or unix:///PATH");
  requireTykPlaces(tyk, apps, api);
  return { address: tyk, apps, api, secretFile, bundles, isAlone: !saidKong };
}

const COMPANIONS = namedFlags("bundle", "public-key", "bundle-interval", "bundle-cache");

function servingBundles(given: GivenFlags): BundleServing | undefined {
  const { bundles: place } = settingsOf(namedFlags("bundles"), given);
  const { bundle: names, publicKey, bundleInterval: interval, bundleCache: cache } = settingsOf(COMPANIONS, given);
  if (place === undefined) {
    // They say how bundles of plugins for all gateways are had, too.
    const isForAll = given.has("plugins-url") || String(given.get("plugins-dir")).endsWith(".zip");
    if (COMPANIONS.some(({ name }) => given.has(name) && (name === "bundle" || !isForAll)))
      throw new UsageError("-bundles is missing: say where bundles come from, a URL or a folder");
    return undefined;
  }
  if (place === "") throw new UsageError("-bundles takes a URL or a folder, and got nothing");
  if (names.includes("")) throw new UsageError("-bundle takes a name, and got an empty one");
  if (names.length === 0 && !given.has("tyk-apps") && !given.has("tyk-api") && /^https?:/i.test(place))
    throw new UsageError(
      "-bundles: say which ones, with -bundle NAME, or with the API definitions that name them (-tyk-apps, -tyk-api)",
    );
  return { place, names, publicKey, interval, cache };
}

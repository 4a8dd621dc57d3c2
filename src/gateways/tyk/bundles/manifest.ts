// Reads a bundle's manifest.json, which whoever made the zip may have filled with anything.
import { isRecord } from "../../../core/model/index.js";
import { BundleError } from "./errors.js";

export const MANIFEST_NAME = "manifest.json";

/** What of a manifest the gateway and this server use. */
export interface BundleManifest {
  /** In the order in which they are in the checksum. */
  readonly fileList: readonly string[];
  /** As an API definition has it; with the driver. */
  readonly customMiddleware: Readonly<Record<string, unknown>>;
  /** Hex of MD5. */
  readonly checksum: string;
  /** Base64; empty where the bundle is not signed. */
  readonly signature: string;
}

const LISTS = ["pre", "post_key_auth", "post", "response"] as const;

/** @throws {BundleError} for one that a gateway would not take, or that has no hook for a plugin server. */
export function parseManifest(bytes: Buffer): BundleManifest {
  const fields = parseFields(bytes);
  const { file_list = [], checksum, signature = "", custom_middleware } = fields;
  if (!Array.isArray(file_list) || !file_list.every((name): name is string => typeof name === "string"))
    throw wrong("file_list has to be a list of file names");
  if (typeof checksum !== "string" || !/^[\da-f]{32}$/.test(checksum))
    throw wrong("checksum has to be the MD5 of the files in lower-case hex digits: a gateway refuses any other");
  if (typeof signature !== "string") throw wrong("signature has to be a text");
  if (!isRecord(custom_middleware)) throw wrong("custom_middleware is missing: it names the hooks");
  checkHooks(custom_middleware, fields);
  return { fileList: file_list, customMiddleware: custom_middleware, checksum, signature };
}

/** The hooks of a manifest that has no checksum yet. @throws {BundleError} for hooks that a gateway would leave out. */
export function parseHooks(bytes: Buffer): Readonly<Record<string, unknown>> {
  const fields = parseFields(bytes);
  const { custom_middleware } = fields;
  if (!isRecord(custom_middleware)) throw wrong("custom_middleware is missing: it names the hooks");
  checkHooks(custom_middleware, fields);
  return custom_middleware;
}

function parseFields(bytes: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch (error) {
    throw new BundleError("TYK_BUNDLE_MANIFEST", `${MANIFEST_NAME} is no JSON`, { cause: error });
  }
  if (!isRecord(value)) throw wrong(`${MANIFEST_NAME} has to be a JSON object`);
  return value;
}

/** @throws {BundleError} for hooks that the gateway would leave out. */
export function checkHooks(section: Readonly<Record<string, unknown>>, around: Readonly<Record<string, unknown>> = {}): void {
  const { driver } = section;
  if (driver !== "grpc")
    throw wrong(
      driver === undefined && around["driver"] !== undefined
        ? "driver is outside custom_middleware, where no gateway reads it"
        : driver === undefined
          ? "custom_middleware.driver is missing: it has to be grpc"
          : `custom_middleware.driver has to be grpc, not ${JSON.stringify(driver)}`,
    );
  // A definition without one may have it all the same, empty.
  let count = isNamed(section["auth_check"]) ? 1 : 0;
  for (const list of LISTS) {
    const hooks = section[list] ?? [];
    if (!Array.isArray(hooks)) throw wrong(`custom_middleware.${list} has to be a list`);
    if (!hooks.every(isNamed)) throw wrong(`custom_middleware.${list} has a hook without a name`);
    count += hooks.length;
  }
  // A bundle of plugins that are no gateway's hooks, for servers alone, says which they are.
  const { plugins } = around;
  const namesPlugins = Array.isArray(plugins) && plugins.length > 0;
  if (count === 0 && !namesPlugins) throw wrong("custom_middleware has no hook");
}

const isNamed = (hook: unknown): boolean => isRecord(hook) && typeof hook["name"] === "string" && hook["name"] !== "";

const wrong = (detail: string): BundleError => new BundleError("TYK_BUNDLE_MANIFEST", detail);

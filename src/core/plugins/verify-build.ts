// Decides whether a plugin's file may be loaded: that a built one is what was built, runs here, and is trusted.
import { dirname, join } from "node:path";
import { satisfies } from "semver";
import {
  type BuildSignature,
  type BuildStamp,
  hashFolder,
  type NativeStamp,
  readBuild,
  runningAbi,
  runningPlatform,
  type TrustedKey,
  verifySignature,
} from "../signing/index.js";
import { checkApiVersion } from "./api-version.js";
import type { PluginApi, VersionMatch } from "./plugin-api.js";

export interface BuildRules {
  /** What the server offers, for plugins whose folder has none. */
  readonly api: PluginApi;
  readonly versionMatch: VersionMatch;
  /** Where there are any, nothing is loaded but what one of them signed. */
  readonly trustedKeys: readonly TrustedKey[];
}

/** The stamp of a built file, nothing for source code, or the reason to refuse the file. */
export type BuildVerdict = { readonly stamp?: BuildStamp } | { readonly refusal: string };

/** `path` is where the file really lies: its native code is beside it. */
export async function verifyBuild(bytes: Buffer, path: string, rules: BuildRules): Promise<BuildVerdict> {
  const reading = readBuild(bytes);
  if (reading.kind === "foreign")
    return { refusal: "it was built by another version of pluginserver, whose stamp this one does not read: build it again" };
  if (reading.kind === "altered")
    return { refusal: "it is not what was built: altered, or not copied whole; build it again, or copy it anew" };
  const distrust = checkTrust(reading.kind === "built" ? reading.signature : undefined, rules.trustedKeys);
  if (distrust !== undefined) return { refusal: distrust };
  if (reading.kind === "source") return {};
  const { stamp } = reading;
  const refusal = checkApi(stamp, rules) ?? checkNode(stamp) ?? (await checkNative(stamp.native, dirname(path)));
  return refusal === undefined ? { stamp } : { refusal };
}

function checkTrust(signature: BuildSignature | undefined, trusted: readonly TrustedKey[]): string | undefined {
  if (trusted.length === 0) return undefined;
  if (signature === undefined)
    return 'it is not signed, and with -trust only signed plugins run: build it with "pluginserver build -sign KEY"';
  const key = trusted.find(({ id }) => id === signature.keyId);
  if (key === undefined)
    return (
      `it is signed with the key ${signature.keyId}, which is not trusted (${trusted.map(({ id }) => id).join(", ")}): ` +
      "sign it with one that is, or start with -trust for this one too"
    );
  if (verifySignature(signature, key)) return undefined;
  return `its signature was not made for it with the key ${key.id}: build it again with -sign`;
}

function checkApi({ plugin, api: builtWith }: BuildStamp, { api, versionMatch: match }: BuildRules): string | undefined {
  const mismatch = checkApiVersion({ plugin, builtWith, api, match });
  if (mismatch === undefined) return undefined;
  const relaxed = match === "exact" ? `, or start with ${api.compatibleFlag}` : "";
  return `${mismatch}: build it again with the server's version of ${api.package}${relaxed}`;
}

function checkNode({ node }: BuildStamp): string | undefined {
  if (satisfies(process.versions.node, node, { includePrerelease: true })) return undefined;
  return `it was built for Node.js ${node}, and this is ${process.version}: use that, or build it again`;
}

async function checkNative(native: NativeStamp | undefined, folder: string): Promise<string | undefined> {
  if (native === undefined) return undefined;
  const { abi, platform } = native;
  if (abi !== runningAbi() || platform !== runningPlatform())
    return (
      `its native code was compiled for ABI ${abi} on ${platform}, and this is Node.js ${process.version} with ABI ` +
      `${runningAbi()} on ${runningPlatform()}: install its packages with this Node.js and build it again`
    );
  const found = await hashFolder(join(folder, native.folder));
  if (found === native.sha256) return undefined;
  return found === undefined
    ? `its native code is missing: copy the folder ${native.folder} along with it`
    : `its native code in ${native.folder} is not what was built: build it again, or copy the folder anew`;
}

// Owns the rule that a plugin runs only with the PDK version it was built against.

import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { satisfies, valid } from "semver";

const PACKAGE = "pluginserver";

/** How alike the two versions must be; compatible means that the server satisfies the caret range of the plugin's. */
export type PdkMatch = "exact" | "compatible";

export interface PdkVersionCheck {
  /** Name of the plugin, for the message. */
  readonly plugin: string;
  /** The PDK version the plugin was built with; `undefined` if it names none, which every server accepts. */
  readonly builtWith: string | undefined;
  /** The server's own PDK version. */
  readonly server: string;
  readonly match: PdkMatch;
}

/** Returns the text of the refusal, or `undefined` if the plugin may run. */
export function checkPdkVersion(check: PdkVersionCheck): string | undefined {
  const { plugin, builtWith, server, match } = check;
  if (builtWith === undefined || builtWith === server) return undefined;
  if (match === "compatible" && isCompatible(server, builtWith)) return undefined;
  return (
    `failed to open plugin ${plugin}: plugin was built with a different version of package ` +
    `${PACKAGE}/pdk (built with ${builtWith}, server has ${server})`
  );
}

function isCompatible(server: string, builtWith: string): boolean {
  return valid(builtWith) !== null && satisfies(server, `^${builtWith}`);
}

/**
 * The PDK version of the `pluginserver` package that code in `fromDir` would import, or `undefined` where there is
 * none. A package that states its `pdkVersion` is believed; otherwise its own version counts.
 */
export function findPackagePdkVersion(fromDir: string): string | undefined {
  const manifest = findPackage(resolve(fromDir));
  if (manifest === undefined) return undefined;
  for (const field of ["pdkVersion", "version"]) {
    const version = manifest[field];
    if (typeof version === "string" && version !== "") return version;
  }
  return undefined;
}

/** Walks up as Node.js does: the package the code itself belongs to comes before any node_modules folder. */
function findPackage(fromDir: string): Record<string, unknown> | undefined {
  const folders = [...ancestors(fromDir)];
  for (const folder of folders) {
    const own = readManifest(folder);
    if (own === undefined) continue;
    if (own["name"] === PACKAGE && own["exports"] !== undefined) return own;
    break;
  }
  for (const folder of folders) {
    const installed = readManifest(join(folder, "node_modules", PACKAGE));
    if (installed !== undefined) return installed;
  }
  return undefined;
}

function* ancestors(from: string): Generator<string> {
  for (let folder = from; ; folder = dirname(folder)) {
    yield folder;
    if (folder === dirname(folder)) return;
  }
}

function readManifest(folder: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : undefined;
  } catch {
    // A manifest that is missing or broken resolves nothing; Node.js would look further up too.
    return undefined;
  }
}

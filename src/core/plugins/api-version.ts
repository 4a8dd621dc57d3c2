// Owns the rule that a plugin runs only with the version of the plugin API that it was built against.

import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { satisfies, valid } from "semver";
import type { PluginApi, VersionMatch } from "./plugin-api.js";

export interface ApiVersionCheck {
  /** Name of the plugin, for the message. */
  readonly plugin: string;
  /** The version the plugin was built with; `undefined` if it names none, which every server accepts. */
  readonly builtWith: string | undefined;
  /** The server's own. */
  readonly api: PluginApi;
  readonly match: VersionMatch;
}

/** Returns the text of the refusal, or `undefined` if the plugin may run. */
export function checkApiVersion({ plugin, builtWith, api, match }: ApiVersionCheck): string | undefined {
  const { name, version } = api;
  if (builtWith === undefined || builtWith === version) return undefined;
  if (match === "compatible" && isCompatible(version, builtWith)) return undefined;
  return (
    `failed to open plugin ${plugin}: plugin was built with a different version of package ` +
    `${name} (built with ${builtWith}, server has ${version})`
  );
}

function isCompatible(server: string, builtWith: string): boolean {
  return valid(builtWith) !== null && satisfies(server, `^${builtWith}`);
}

/** The version of the API that code in `fromDir` would import, or `undefined` where its package is not installed there. */
export function findApiVersion(fromDir: string, api: PluginApi): string | undefined {
  const manifest = findPackage(resolve(fromDir), api.package);
  if (manifest === undefined) return undefined;
  for (const field of api.versionFields) {
    const version = manifest[field];
    if (typeof version === "string" && version !== "") return version;
  }
  return undefined;
}

/** Walks up as Node.js does: the package the code itself belongs to comes before any node_modules folder. */
function findPackage(fromDir: string, name: string): Record<string, unknown> | undefined {
  const folders = [...ancestors(fromDir)];
  for (const folder of folders) {
    const own = readManifest(folder);
    if (own === undefined) continue;
    if (own["name"] === name && own["exports"] !== undefined) return own;
    break;
  }
  for (const folder of folders) {
    const installed = readManifest(join(folder, "node_modules", name));
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

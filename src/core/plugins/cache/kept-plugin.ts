// Says what is kept of a compiled plugin, and how that is written to a file.
import type { LogEntry, PluginMetadata } from "../../channel/index.js";
import type { BuildStamp } from "../../signing/index.js";
import type { PluginInput } from "../plugin-load-error.js";
import type { DefinitionCheck, PluginProblem } from "../registry/registry.js";
import type { OpenEntry } from "./cache-folder.js";
import type { Dependencies } from "./dependencies.js";
import { digestOf } from "./disk-view.js";
import type { InstalledPackages } from "./packages.js";

/** What a plugin says of itself, as one gateway reads it. */
export interface Reading {
  readonly metadata: PluginMetadata;
  readonly check: DefinitionCheck;
  readonly apiVersion?: string;
  /** Variables that it asked for, and a digest of what they were. */
  readonly variables: readonly string[];
  readonly environment: string;
  /** What its packages were like. */
  readonly packages: string;
  readonly hasInit: boolean;
  /** What it printed. */
  readonly log: readonly LogEntry[];
}

export interface KeptPlugin {
  readonly entry: string;
  readonly root: string;
  readonly format: "esm" | "cjs";
  readonly inputs: readonly PluginInput[];
  readonly packages: readonly PluginInput[];
  readonly apiVersion?: string;
  readonly stamp?: BuildStamp;
  /** Stands for everything that makes the plugin. */
  readonly content: string;
  readonly dependencies: Dependencies;
  /** What the dependencies were like. */
  readonly state: string;
  /** What it runs with beside its own code; undefined where that cannot be said. */
  readonly installed?: InstalledPackages;
  /** Of the compiled text: digest, and length in bytes. */
  readonly code: { readonly sha256: string; readonly length: number };
  /** By who reads. */
  readonly readings: Readonly<Record<string, Reading>>;
}

/** A plugin that does not compile, and why. */
export interface KeptFailure {
  readonly entry: string;
  readonly root: string;
  readonly problem: PluginProblem;
  readonly dependencies: Dependencies;
  readonly state: string;
}

const FAILURE_MAGIC = "pluginserver failure 1\n";

/** In the place of the plugin: a file is one or the other. */
export function encodeFailure(failure: KeptFailure): Buffer {
  const text = JSON.stringify(failure);
  return Buffer.from(`${FAILURE_MAGIC}${digestOf(text)}\n${text}`);
}

/** Undefined for what was not written by {@link encodeFailure}, whole, for this very file. */
export function decodeFailure(
  entry: OpenEntry,
  name: { readonly entry: string; readonly root: string },
): KeptFailure | undefined {
  if (entry.read(0, FAILURE_MAGIC.length).toString("latin1") !== FAILURE_MAGIC) return undefined;
  const text = entry.read(FAILURE_MAGIC.length, entry.size).toString("utf8");
  const end = text.indexOf("\n");
  if (digestOf(text.slice(end + 1)) !== text.slice(0, end)) return undefined;
  const failure = JSON.parse(text.slice(end + 1)) as KeptFailure;
  return failure.entry === name.entry && failure.root === name.root ? failure : undefined;
}

const MAGIC = "pluginserver plugin 1\n";
/** Magic, digest of the head, its length in ten digits. */
const DIGEST_AT = MAGIC.length;
const LENGTH_AT = DIGEST_AT + 65;
const HEAD_AT = LENGTH_AT + 11;
/** Most heads are shorter. */
const FIRST_READ = 8192;

export function encodeKept(kept: KeptPlugin, code: string): Buffer {
  const head = Buffer.from(JSON.stringify(kept));
  const prefix = `${MAGIC}${digestOf(head)}\n${String(head.length).padStart(10, "0")}\n`;
  return Buffer.concat([Buffer.from(prefix), head, Buffer.from(code)]);
}

/** Undefined for what was not written by {@link encodeKept}, whole, for this very file. */
export function decodeKept(entry: OpenEntry, name: { readonly entry: string; readonly root: string }): KeptPlugin | undefined {
  const first = entry.read(0, FIRST_READ);
  const text = first.toString("latin1", 0, HEAD_AT);
  const length = Number(text.slice(LENGTH_AT, HEAD_AT - 1));
  if (!text.startsWith(MAGIC) || !Number.isSafeInteger(length) || HEAD_AT + length > entry.size) return undefined;
  const end = HEAD_AT + length;
  const head = end <= first.length ? first.subarray(HEAD_AT, end) : entry.read(HEAD_AT, end);
  if (digestOf(head) !== text.slice(DIGEST_AT, LENGTH_AT - 1)) return undefined;
  const kept = JSON.parse(head.toString("utf8")) as KeptPlugin;
  if (kept.entry !== name.entry || kept.root !== name.root || entry.size !== end + kept.code.length) return undefined;
  return kept;
}

/** The compiled text; undefined where it is not what was written. */
export function decodeCode(entry: OpenEntry, { code }: KeptPlugin): string | undefined {
  const bytes = entry.read(entry.size - code.length, entry.size);
  return digestOf(bytes) === code.sha256 ? bytes.toString("utf8") : undefined;
}

// Writes a bundle as the gateway's own tool does: the files, then the manifest with their checksum and signature.
import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { contentDigest, SEAL_NAME } from "./bundle.js";
import { BundleError } from "./errors.js";
import type { BundleKey } from "./keys.js";
import { checkHooks, MANIFEST_NAME } from "./manifest.js";

export interface BundleContents {
  /** By the name that they get in the bundle. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** The section of an API definition, with the driver. */
  readonly customMiddleware: Readonly<Record<string, unknown>>;
  readonly key?: BundleKey | undefined;
  /** The names of the plugins in it, where some have no hooks of this gateway. */
  readonly plugins?: readonly string[] | undefined;
}

export interface WrittenBundle {
  readonly bytes: Buffer;
  /** The first digits of a digest of the contents: a gateway never fetches a name twice, so it belongs into the name. */
  readonly version: string;
}

/** Hex digits. */
const VERSION_LENGTH = 12;
/** The same contents make the same bytes: a zip has local times. */
const TIME = new Date(2000, 0, 1);
const OPTIONS = { mtime: TIME, mode: 0o100644, forceDosTimestamp: true } as const;
const FOLDER_OPTIONS = { ...OPTIONS, mode: 0o040755 } as const;

/** @throws {BundleError} for hooks that no gateway would take. */
export async function writeBundle({ files, customMiddleware, key, plugins }: BundleContents): Promise<WrittenBundle> {
  checkHooks(customMiddleware, { plugins });
  for (const name of [MANIFEST_NAME, SEAL_NAME])
    if (files.has(name)) throw new BundleError("TYK_BUNDLE_ENTRY", `${name}: the name is taken`);
  const sealed = new Map([...files, [SEAL_NAME, json({ custom_middleware: customMiddleware })] as const]);
  const content = Buffer.concat([...sealed.values()]);
  const manifest = json({
    file_list: [...sealed.keys()],
    custom_middleware: customMiddleware,
    ...(plugins === undefined ? {} : { plugins }),
    checksum: createHash("md5").update(content).digest("hex"),
    ...(key === undefined ? {} : { signature: key.sign(content) }),
  });
  const entries = [...sealed, [MANIFEST_NAME, manifest] as const];
  return { bytes: await zip(entries), version: contentDigest(entries).slice(0, VERSION_LENGTH) };
}

const json = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`);

async function zip(entries: readonly (readonly [name: string, content: Buffer])[]): Promise<Buffer> {
  const { ZipFile } = await import("yazl");
  const archive = new ZipFile();
  const folders = new Set<string>();
  for (const [name, content] of entries) {
    // A gateway makes the folders that have an entry, and no others.
    const parts = name.split("/");
    for (let depth = 1; depth < parts.length; depth += 1) {
      const folder = parts.slice(0, depth).join("/");
      if (!folders.has(folder)) archive.addEmptyDirectory(folder, FOLDER_OPTIONS);
      folders.add(folder);
    }
    archive.addBuffer(content, name, OPTIONS);
  }
  archive.end();
  return buffer(archive.outputStream);
}

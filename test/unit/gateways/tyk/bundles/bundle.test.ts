// Bundles from both sides: what is written opens again, and a gateway's own tool would verify it; what is hostile is refused.
import { createHash, createVerify, generateKeyPairSync } from "node:crypto";
import { expect, describe, it } from "vitest";
import {
  ARCHIVE_LIMITS,
  type BundleErrorCode,
  openBundle,
  readPublicKey,
  readBundleKey,
  writeBundle,
} from "../../../../../src/gateways/tyk/bundles/index.js";
import { type HandMadeEntry, zipOf } from "./zip-by-hand.js";

const HOOKS = { pre: [{ name: "hello" }], driver: "grpc" };
const FILES = new Map([
  ["hello.mjs", Buffer.from("export default {};\n")],
  ["hello.native/lib/a.node", Buffer.from([0, 255, 1])],
  ["hello.native/lib/b.node", Buffer.from([2])],
]);

const pair = (type: "rsa" | "ed25519"): { private: string; public: string } => {
  const { privateKey, publicKey } =
    type === "rsa" ? generateKeyPairSync("rsa", { modulusLength: 2048 }) : generateKeyPairSync("ed25519");
  return {
    private: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    public: publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
};
const KEYS = pair("rsa");

const md5 = (...contents: (string | Buffer)[]): string => {
  const hash = createHash("md5");
  for (const content of contents) hash.update(content);
  return hash.digest("hex");
};

/** A bundle as others make them: no seal. */
function foreign(manifest: object = {}, entries: readonly HandMadeEntry[] = [{ name: "a.mjs", content: "a" }]): Buffer {
  const files = entries.filter(({ name }) => !name.endsWith("/"));
  const own = {
    file_list: files.map(({ name }) => name),
    custom_middleware: HOOKS,
    checksum: md5(...files.map(({ content = "" }) => content)),
    ...manifest,
  };
  return zipOf([...entries, { name: "manifest.json", content: JSON.stringify(own) }]);
}

const failure = (code: BundleErrorCode, text: string): Error =>
  expect.objectContaining({ code, message: expect.stringContaining(text) as string }) as Error;

const refusal = (bytes: Buffer, code: BundleErrorCode, text: string): Promise<void> =>
  expect(openBundle(bytes)).rejects.toThrow(failure(code, text));

describe("a bundle that is written", () => {
  it("opens again with its files and its hooks", async () => {
    const { bytes } = await writeBundle({ files: FILES, customMiddleware: HOOKS });
    const { files, manifest, isSealed } = await openBundle(bytes);
    expect([...files].slice(0, FILES.size)).toEqual([...FILES]);
    expect(manifest.customMiddleware).toEqual(HOOKS);
    expect(isSealed).toBe(true);
  });

  it("has the checksum and the signature that a gateway computes over the files in their order", async () => {
    const { bytes } = await writeBundle({ files: FILES, customMiddleware: HOOKS, key: readBundleKey(KEYS.private) });
    const { files, manifest } = await openBundle(bytes, { publicKey: readPublicKey(KEYS.public) });
    const content = Buffer.concat(manifest.fileList.map((name) => files.get(name) ?? Buffer.alloc(0)));
    expect(manifest.checksum).toBe(md5(content));
    expect(createVerify("RSA-SHA256").update(content).verify(KEYS.public, manifest.signature, "base64")).toBe(true);
  });

  it("has the manifest last, and an entry for each folder before what is in it", async () => {
    const { bytes } = await writeBundle({ files: FILES, customMiddleware: HOOKS });
    const names = [...bytes.toString("latin1").matchAll(/PK\x01\x02.{24}(.{2}).{16}/gs)].map((match) => {
      const start = match.index + 46;
      return bytes.toString("latin1", start, start + Buffer.from(match[1] ?? "", "latin1").readUInt16LE());
    });
    expect(names).toEqual([
      "hello.mjs",
      "hello.native/",
      "hello.native/lib/",
      "hello.native/lib/a.node",
      "hello.native/lib/b.node",
      "pluginserver.json",
      "manifest.json",
    ]);
  });

  it("is the same for the same contents, and has another version for others", async () => {
    const first = await writeBundle({ files: FILES, customMiddleware: HOOKS });
    const again = await writeBundle({ files: new Map(FILES), customMiddleware: { ...HOOKS } });
    const otherHooks = await writeBundle({ files: FILES, customMiddleware: { ...HOOKS, post: [{ name: "hello" }] } });
    const otherFile = await writeBundle({ files: new Map([["hello.mjs", Buffer.from("b")]]), customMiddleware: HOOKS });
    expect(again).toEqual(first);
    expect(first.version).toMatch(/^[\da-f]{12}$/);
    expect(new Set([first, otherHooks, otherFile].map(({ version }) => version)).size).toBe(3);
  });

  it.each([
    [{ driver: "grpc" }, "has no hook"],
    [{ pre: [{ name: "a" }] }, "driver is missing"],
    [{ pre: [{ name: "a" }], driver: "goplugin" }, 'has to be grpc, not "goplugin"'],
    [{ pre: [{}], driver: "grpc" }, "a hook without a name"],
  ])("is refused with hooks that no gateway takes: %j", async (customMiddleware, reason) => {
    await expect(writeBundle({ files: FILES, customMiddleware })).rejects.toThrow(failure("TYK_BUNDLE_MANIFEST", reason));
  });

  it("cannot have a file with the name of its manifest", async () => {
    const files = new Map([["manifest.json", Buffer.from("{}")]]);
    await expect(writeBundle({ files, customMiddleware: HOOKS })).rejects.toThrow(
      failure("TYK_BUNDLE_ENTRY", "the name is taken"),
    );
  });
});

describe("a bundle that others made", () => {
  it("opens, and is not sealed", async () => {
    const { files, isSealed } = await openBundle(foreign());
    expect([...files]).toEqual([["a.mjs", Buffer.from("a")]]);
    expect(isSealed).toBe(false);
  });

  it("opens without any file, as one that names the hooks alone", async () => {
    expect((await openBundle(foreign({ checksum: "d41d8cd98f00b204e9800998ecf8427e" }, []))).files.size).toBe(0);
  });

  it("opens with the empty auth_check of a definition, and counts one that has a name", async () => {
    await openBundle(foreign({ custom_middleware: { ...HOOKS, auth_check: {} } }));
    await openBundle(foreign({ custom_middleware: { auth_check: { name: "a" }, driver: "grpc" } }));
    await refusal(foreign({ custom_middleware: { auth_check: {}, driver: "grpc" } }), "TYK_BUNDLE_MANIFEST", "has no hook");
  });

  it.each([
    [{ checksum: md5("b") }, "TYK_BUNDLE_CHECKSUM", md5("b")],
    [{ checksum: "" }, "TYK_BUNDLE_MANIFEST", "checksum has to be"],
    [{ checksum: md5("a").toUpperCase() }, "TYK_BUNDLE_MANIFEST", "checksum has to be"],
    [{ file_list: ["b.mjs"] }, "TYK_BUNDLE_MANIFEST", "names b.mjs, which is not in the bundle"],
    [{ file_list: ["a.mjs", "a.mjs"] }, "TYK_BUNDLE_MANIFEST", "may not name a.mjs twice"],
    [{ file_list: ["a.mjs", "manifest.json"] }, "TYK_BUNDLE_MANIFEST", "may not name manifest.json"],
    [{ file_list: [] }, "TYK_BUNDLE_MANIFEST", "a.mjs is in the bundle, but not in file_list"],
    [{ file_list: "a.mjs" }, "TYK_BUNDLE_MANIFEST", "file_list has to be a list"],
    [{ signature: 1 }, "TYK_BUNDLE_MANIFEST", "signature has to be a text"],
    [{ custom_middleware: undefined }, "TYK_BUNDLE_MANIFEST", "custom_middleware is missing"],
    [
      { custom_middleware: { pre: [{ name: "a" }] }, driver: "grpc" },
      "TYK_BUNDLE_MANIFEST",
      "driver is outside custom_middleware",
    ],
  ] as const)("is refused with the manifest %j", async (manifest, code, reason) => {
    await refusal(foreign(manifest), code, reason);
  });

  it.each([
    ["", "is no JSON"],
    ["[]", "has to be a JSON object"],
  ])("is refused with a manifest that holds %j", async (content, reason) => {
    await refusal(zipOf([{ name: "manifest.json", content }]), "TYK_BUNDLE_MANIFEST", reason);
  });

  it("is refused without a manifest", async () => {
    await refusal(zipOf([{ name: "a.mjs" }]), "TYK_BUNDLE_MANIFEST", "there is no manifest.json");
  });

  it("is refused with hooks that are not those under the seal", async () => {
    const seal = { name: "pluginserver.json", content: JSON.stringify({ custom_middleware: HOOKS }) };
    expect((await openBundle(foreign({}, [seal]))).isSealed).toBe(true);
    const changed = foreign({ custom_middleware: { post: [{ name: "evil" }], driver: "grpc" } }, [seal]);
    await refusal(changed, "TYK_BUNDLE_MANIFEST", "are not those that it was made with");
  });
});

describe("with a public key", () => {
  const publicKey = readPublicKey(KEYS.public);
  const open = (bytes: Buffer): Promise<unknown> => openBundle(bytes, { publicKey });

  it("a bundle that is not signed is refused", async () => {
    await expect(open(foreign())).rejects.toThrow(failure("TYK_BUNDLE_SIGNATURE", "it is not signed"));
  });

  it("a bundle that another key signed is refused, and so is one with other files or garbage", async () => {
    const other = readBundleKey(pair("rsa").private).sign(Buffer.from("a"));
    const ofOthers = readBundleKey(KEYS.private).sign(Buffer.from("b"));
    for (const signature of [other, ofOthers, "!!!", "AAAA"])
      await expect(open(foreign({ signature }))).rejects.toThrow(failure("TYK_BUNDLE_SIGNATURE", "another key signed it"));
    await open(foreign({ signature: readBundleKey(KEYS.private).sign(Buffer.from("a")) }));
  });

  it("has to be RSA, in PEM", () => {
    const ed = pair("ed25519");
    expect(() => readPublicKey(ed.public)).toThrow(failure("TYK_BUNDLE_KEY", "the type ed25519"));
    expect(() => readBundleKey(ed.private)).toThrow(failure("TYK_BUNDLE_KEY", "the type ed25519"));
    expect(() => readBundleKey(KEYS.public)).toThrow(failure("TYK_BUNDLE_KEY", "openssl genrsa"));
    expect(() => readPublicKey("nothing")).toThrow(failure("TYK_BUNDLE_KEY", "openssl rsa"));
  });
});

describe("a hostile archive is refused", () => {
  it.each([
    ["a name that leads out", [{ name: "../evil.mjs" }], "TYK_BUNDLE_ARCHIVE", "../evil.mjs"],
    ["a name that leads out from below", [{ name: "a/../../evil.mjs" }], "TYK_BUNDLE_ARCHIVE", "evil.mjs"],
    ["an absolute name", [{ name: "/etc/evil" }], "TYK_BUNDLE_ARCHIVE", "/etc/evil"],
    ["a backslash", [{ name: "a\\b.mjs" }], "TYK_BUNDLE_ARCHIVE", "a\\b.mjs"],
    ["an empty part", [{ name: "a//b.mjs" }], "TYK_BUNDLE_ENTRY", "no plain path"],
    ["a part that is a dot", [{ name: "./a.mjs" }], "TYK_BUNDLE_ENTRY", "no plain path"],
    ["a name with a zero byte", [{ name: "a.mjs\0.txt" }], "TYK_BUNDLE_ENTRY", "characters that no file needs"],
    ["a long name", [{ name: "a".repeat(300) }], "TYK_BUNDLE_ENTRY", "its name is too long"],
    ["deep folders", [{ name: `${"a/".repeat(20)}b` }], "TYK_BUNDLE_ENTRY", "its name is too long"],
    ["a link", [{ name: "a.mjs", content: "/etc/passwd", mode: 0o120777 }], "TYK_BUNDLE_ENTRY", "a link or a special file"],
    ["a device", [{ name: "a.mjs", mode: 0o060600 }], "TYK_BUNDLE_ENTRY", "a link or a special file"],
    ["a folder that says it is a link", [{ name: "a/", mode: 0o120777 }], "TYK_BUNDLE_ENTRY", "a link or a special file"],
    ["one name twice", [{ name: "a.mjs" }, { name: "a.mjs", content: "b" }], "TYK_BUNDLE_ENTRY", "it is there twice"],
    ["a file and a folder of one name", [{ name: "a" }, { name: "a/b" }], "TYK_BUNDLE_ENTRY", "a is a file"],
    ["a folder and a file of one name", [{ name: "a/b" }, { name: "a" }], "TYK_BUNDLE_ENTRY", "it is there twice"],
    ["encryption", [{ name: "a.mjs", flags: 1 }], "TYK_BUNDLE_ENTRY", "it is encrypted"],
    ["another compression", [{ name: "a.mjs", method: 12 }], "TYK_BUNDLE_ENTRY", "a way that is not deflate"],
    ["more than it says", [{ name: "a.mjs", content: "aaaa", claimedSize: 1 }], "TYK_BUNDLE_ARCHIVE", "too many bytes"],
    ["less than it says", [{ name: "a.mjs", content: "a", claimedSize: 9 }], "TYK_BUNDLE_ARCHIVE", "not enough bytes"],
  ] as const)("for %s", async (_, entries, code, reason) => {
    await refusal(zipOf(entries), code, reason);
  });

  it.each([
    ["nothing", Buffer.alloc(0)],
    ["garbage", Buffer.from("PK\x03\x04 and so on")],
    ["half a bundle", foreign().subarray(0, 100)],
  ])("for %s", async (_, bytes) => {
    await refusal(bytes, "TYK_BUNDLE_ARCHIVE", "");
  });

  it("for a count of entries that is a lie", async () => {
    await refusal(zipOf([{ name: "a.mjs" }], 2), "TYK_BUNDLE_ARCHIVE", "");
  });

  it("for files that are too large together, before they are inflated", async () => {
    const zeros = Buffer.alloc(1_000_000);
    const bomb = zipOf([
      { name: "a", content: zeros },
      { name: "b", content: zeros },
    ]);
    expect(bomb.length).toBeLessThan(5000);
    const limits = { ...ARCHIVE_LIMITS, maxInflated: 1_500_000 };
    await expect(openBundle(bomb, { limits })).rejects.toThrow(failure("TYK_BUNDLE_TOO_LARGE", "more than 1500000 bytes"));
  });

  it("for an inflated size that is a lie, without holding what it inflates to", async () => {
    const bomb = zipOf([{ name: "a", content: Buffer.alloc(50_000_000), claimedSize: 10 }]);
    const limits = { ...ARCHIVE_LIMITS, maxInflated: 100 };
    await expect(openBundle(bomb, { limits })).rejects.toThrow(failure("TYK_BUNDLE_ARCHIVE", "too many bytes"));
  });

  it("for too many entries, and for too large an archive", async () => {
    const many = zipOf(Array.from({ length: 11 }, (_, index) => ({ name: `f${index}` })));
    const limits = { ...ARCHIVE_LIMITS, maxEntries: 10 };
    await expect(openBundle(many, { limits })).rejects.toThrow(failure("TYK_BUNDLE_TOO_LARGE", "11 entries, and 10 are allowed"));
    await expect(openBundle(many, { limits: { ...ARCHIVE_LIMITS, maxArchive: 100 } })).rejects.toThrow(
      failure("TYK_BUNDLE_TOO_LARGE", "100 are allowed"),
    );
  });
});

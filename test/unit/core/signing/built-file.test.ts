import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  BUILD_HEADER,
  type BuildReading,
  type BuildStamp,
  readBuild,
  readSigningKey,
  readTrustedKeys,
  verifySignature,
  writeBuild,
} from "../../../../src/core/signing/index.js";

const STAMP: BuildStamp = { plugin: "hello", version: "1.0.0", api: "1.0.0", build: "1.0.0", node: ">=20.19.0" };
const CODE = `${BUILD_HEADER}\nexport default 1;\n//# sourceMappingURL=data:application/json;base64,e30=\n`;

function pemPair(): { readonly secret: string; readonly open: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    secret: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    open: publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}

const keys = pemPair();
const signed = writeBuild(CODE, STAMP, readSigningKey(keys.secret));
const unsigned = writeBuild(CODE, STAMP, undefined);

function trusts(reading: BuildReading, pem: string): boolean {
  const [key] = readTrustedKeys(pem);
  if (reading.kind !== "built" || reading.signature === undefined || key === undefined) return false;
  return reading.signature.keyId === key.id && verifySignature(reading.signature, key);
}

describe("a built file", () => {
  it("says what it was stamped with", () => {
    expect(readBuild(unsigned)).toEqual({ kind: "built", stamp: STAMP });
    const native = { folder: "hello.native", sha256: "0", abi: "115", platform: "linux-x64" };
    expect(readBuild(writeBuild(CODE, { ...STAMP, native }, undefined))).toEqual({ kind: "built", stamp: { ...STAMP, native } });
  });

  it("is trusted by the key that signed it, whichever half is given, and by no other", () => {
    expect(trusts(readBuild(signed), keys.open)).toBe(true);
    expect(trusts(readBuild(signed), keys.secret)).toBe(true);
    expect(trusts(readBuild(signed), pemPair().open)).toBe(false);
    expect(trusts(readBuild(unsigned), keys.open)).toBe(false);
  });

  it("keeps line separators of a name inside of its line", () => {
    const stamp = { ...STAMP, plugin: "a\u2028b\nc" };
    expect(readBuild(writeBuild(CODE, stamp, undefined))).toEqual({ kind: "built", stamp });
    expect(writeBuild(CODE, stamp, undefined).toString()).not.toContain("\u2028");
  });

  it("is not what was built when any one byte is another", () => {
    for (const file of [unsigned, signed]) {
      for (let at = 0; at < file.length; at++) {
        const copy = Buffer.from(file);
        copy.writeUInt8((copy.readUInt8(at) ^ 1) & 0xff, at);
        const reading = readBuild(copy);
        // The bytes of the signature itself are not hashed: they are what the key has to fit.
        expect(reading.kind === "altered" || (file === signed && !trusts(reading, keys.open)), `byte ${at}`).toBe(true);
      }
    }
  });

  it("is not what was built when its end is missing, wherever it was cut", () => {
    for (let length = BUILD_HEADER.length; length < unsigned.length; length++) {
      expect(readBuild(unsigned.subarray(0, length)).kind, `${length} bytes`).toBe("altered");
    }
  });

  it.each<[string, (text: string) => string]>([
    ["a line behind it", (text) => `${text}import "./evil.js";\n`],
    ["a blank line behind it", (text) => `${text}\n`],
    ["a line before the stamp", (text) => text.replace("//# pluginserver-stamp", "evil();\n//# pluginserver-stamp")],
    ["another source map", (text) => text.replace("base64,e30=", "base64,e31=")],
    ["another API in its stamp", (text) => text.replace('"api":"1.0.0"', '"api":"1.0.1"')],
    ["no stamp", (text) => text.replace(/\/\/# pluginserver-stamp[^]*/, "")],
    ["no hash", (text) => text.replace(/\/\/# pluginserver-sha256.*\n/, "")],
    ["two stamps", (text) => text + text.slice(text.indexOf("//# pluginserver-stamp"))],
    ["line ends of another system", (text) => text.replaceAll("\n", "\r\n")],
  ])("is refused with %s", (_case, alter) => {
    expect(readBuild(Buffer.from(alter(unsigned.toString()))).kind).toBe("altered");
    expect(readBuild(Buffer.from(alter(signed.toString()))).kind).toBe("altered");
  });

  it("is signed no more without its last line, or with that of another file", () => {
    const stripped = signed.toString().replace(/\/\/# pluginserver-signature.*\n/, "");
    expect(trusts(readBuild(Buffer.from(stripped)), keys.open)).toBe(false);
    const other = writeBuild(CODE.replace("1", "2"), STAMP, readSigningKey(keys.secret)).toString();
    const swapped = stripped + (/\/\/# pluginserver-signature.*\n/.exec(other)?.[0] ?? "");
    expect(readBuild(Buffer.from(swapped)).kind).toBe("built");
    expect(trusts(readBuild(Buffer.from(swapped)), keys.open)).toBe(false);
  });

  it.each([["../evil"], ["a/b"], [".."], ["."], ["a\\b"]])("names no folder elsewhere for native code: %s", (folder) => {
    const native = { folder, sha256: "0", abi: "115", platform: "linux-x64" };
    expect(readBuild(writeBuild(CODE, { ...STAMP, native }, undefined)).kind).toBe("foreign");
  });

  it("is of another version where its stamp says other things", () => {
    const { api, ...others } = STAMP;
    const former = { ...others, pdk: api } as unknown as BuildStamp;
    expect(readBuild(writeBuild(CODE, former, undefined))).toEqual({ kind: "foreign" });
  });
});

describe("source code", () => {
  it.each([["export default 1;"], [""], ['const text = "//# pluginserver-stamp={}";\n'], ["//# pluginserver"]])(
    "is not a built file: %s",
    (text) => {
      expect(readBuild(Buffer.from(text))).toEqual({ kind: "source" });
    },
  );
});

describe("a key", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });

  it("comes alone or with others in a file", () => {
    expect(readTrustedKeys(`${keys.open}\n${pemPair().open}`)).toHaveLength(2);
  });

  it.each([
    ["no PEM", "hello"],
    ["PEM that is cut", keys.secret.slice(0, 40)],
    ["a public key", keys.open],
    ["a key of another type", rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString()],
  ])("to sign with is not %s", (_case, pem) => {
    expect(() => readSigningKey(pem)).toThrow(expect.objectContaining({ code: "STAMP_KEY_INVALID" }) as Error);
  });

  it.each([
    ["no PEM", "hello"],
    ["PEM with nothing in it", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"],
    ["a key of another type", rsa.publicKey.export({ type: "spki", format: "pem" }).toString()],
  ])("to trust is not %s", (_case, pem) => {
    expect(() => readTrustedKeys(pem)).toThrow(expect.objectContaining({ code: "STAMP_KEY_INVALID" }) as Error);
  });
});

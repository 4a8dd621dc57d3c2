// What is known of the gateway's releases, at the patch releases where something changed.
import { describe, expect, it } from "vitest";
import { findTykRelease, NEWEST_RELEASE, type TykRelease } from "../../../../../src/gateways/tyk/releases/index.js";

/** For each fact a release on either side of every change, in the order of the releases. */
const CHANGES: readonly [fact: keyof TykRelease, ...releases: readonly [version: string, value: unknown][]][] = [
  [
    "authority",
    ["3.2.2", "none"],
    ["4.0.13", "none"],
    ["4.0.14", "option"],
    ["4.1.0", "none"],
    ["4.3.4", "none"],
    ["5.0.2", "none"],
    ["5.0.3", "option"],
    ["5.1.0", "option"],
    ["5.8.2", "option"],
    ["5.8.3", "own"],
    ["5.9.0", "own"],
  ],
  ["customPluginAuth", ["4.3.4", false], ["5.0.3", true]],
  ["oasPlugins", ["4.0.14", "none"], ["5.2.5", "nested"], ["5.3.0", "lists"]],
  ["omitsEmptyConfig", ["4.0.14", false], ["5.0.3", true]],
  [
    "missingDriver",
    ["5.8.6", "passes"],
    ["5.8.7", "fails"],
    ["5.9.2", "passes"],
    ["5.10.0", "passes"],
    ["5.10.1", "fails"],
    ["5.11.0", "fails"],
  ],
  [
    "brokenBundle",
    ["5.0.11", "api-without-hooks"],
    ["5.0.12", "api-not-loaded"],
    ["5.2.5", "api-without-hooks"],
    ["5.3.1", "api-not-loaded"],
  ],
  ["checksKeptBundles", ["5.8.10", true], ["5.8.11", false], ["5.11.0", true], ["5.11.1", false], ["5.12.0", false]],
  ["bundleFiles", ["5.3.2", false], ["5.3.3", true], ["5.4.0", false], ["5.5.0", true]],
  ["multivalueHeaders", ["5.0.3", false], ["5.0.4", true], ["5.1.0", false], ["5.1.1", true], ["5.2.0", true]],
  ["clearsHeaders", ["4.0.0", false], ["4.0.7", true], ["4.1.0", false], ["4.2.1", false], ["4.2.2", true], ["4.3.0", true]],
  ["headerChange", ["5.3.10", "cuts"], ["5.3.11", "merges"], ["5.7.2", "cuts"], ["5.8.0", "merges"]],
  ["fixesContentLength", ["5.3.8", false], ["5.3.9", true], ["5.7.0", false], ["5.7.1", true], ["5.8.0", true]],
  ["cancels", ["5.10.1", false], ["5.11.0", true]],
  ["keyId", ["5.8.13", false], ["5.9.0", true]],
  ["soapPages", ["5.8.13", false], ["5.8.14", true], ["5.9.2", false], ["5.12.1", false], ["5.13.0", true]],
  ["rateLimitText", ["5.3.13", "Rate limit exceeded"], ["5.4.0", "Rate Limit Exceeded"]],
  ["usesProxy", ["5.8.2", false], ["5.8.3", true]],
];

describe("what a release does", () => {
  it.each(CHANGES)("%s changes where it did", (fact, ...releases) => {
    expect(releases.map(([version]) => [version, findTykRelease(version)[fact]])).toEqual(releases);
  });

  it("is what the first of a line does where no patch release is named", () => {
    expect(findTykRelease("5.3")).toEqual(findTykRelease("5.3.0"));
  });

  it("reads the names that tags and images have", () => {
    expect(findTykRelease("v5.8.3")).toEqual(findTykRelease("5.8.3"));
    expect(findTykRelease("5.8.3-rc1").version).toBe("5.8.3");
  });

  it("is what the newest known line does for one that came later", () => {
    expect(findTykRelease("5.27.1")).toEqual({ ...findTykRelease(NEWEST_RELEASE), version: "5.27.1", takenAs: "5.14" });
  });

  it.each(["2.9", "4.4", "6.0", "5", "latest", "", "5.3.x"])("is not known of %s", (version) => {
    expect(() => findTykRelease(version)).toThrow(
      expect.objectContaining({
        code: "TYK_RELEASE_UNKNOWN",
        message: expect.stringContaining("known are 3.0 to 3.2, 4.0 to 4.3, 5.0 to 5.14") as string,
      }) as Error,
    );
  });
});

// What older gateways lacked and refused, against what was recorded of them.
import { describe, expect, it } from "vitest";
import { type KongVersion, pdkFunctions } from "../../../../../src/gateways/kong/pdk-functions/index.js";
import { isAtLeast, phasesIn, refusesLists } from "../../../../../src/gateways/kong/pdk-functions/functions/version-history.js";
import { isMeasured, readMeasured, TAGS } from "../pdk/measured.js";

const LETTERS = { rewrite: "R", access: "A", response: "S", log: "L" } as const;
const ENDING = new Set(["kong.response.exit", "kong.response.error"]);

const versionOf = (tag: string): KongVersion => tag.split(".").slice(0, 2).join(".") as KongVersion;

describe("a version", () => {
  it.each([
    ["3.10", "3.9", true],
    ["3.0", "2.8", true],
    ["2.8", "3.0", false],
    ["2.8", "2.8", true],
  ] as const)("%s is at least %s: %s", (version, other, expected) => {
    expect(isAtLeast(version, other)).toBe(expected);
  });

  it("between two that were recorded is the older one", () => {
    expect(phasesIn("3.0", "kong.request.get_raw_path", "RAS")).toBeUndefined();
    expect(phasesIn("3.2", "kong.request.get_raw_path", "RAS")).toBe("RAS");
    expect(phasesIn("2.7", "kong.request.get_path", "RAS")).toBe("RA");
    expect(phasesIn("2.0", "kong.response.get_status", "SL")).toBe("");
    expect(phasesIn("2.0", "kong.log.err", "RASL")).toBe("RASL");
    expect([refusesLists("3.4", "kong.response.set_header"), refusesLists("3.8", "kong.response.set_header")]).toEqual([
      true,
      false,
    ]);
  });
});

describe.runIf(isMeasured)("every function that was recorded", () => {
  // The calls that end a request get no answer: the table has nothing to say of them.
  const measured = [...readMeasured().values()].filter(({ method }) => method in pdkFunctions && !ENDING.has(method));

  it.each(TAGS)("is as it was in %s", (tag) => {
    const version = versionOf(tag);
    const wrong = measured.flatMap(({ method, phases }) => {
      const recorded = phases[TAGS.indexOf(tag)];
      const ours = phasesIn(version, method, pdkFunctions[method]?.phases ?? "");
      if (recorded === undefined) return ours === undefined || ours === "" ? [] : [`${method}: unknown, not ${ours}`];
      const letters = [...recorded].map((phase) => LETTERS[phase as keyof typeof LETTERS]).join("");
      // No plugin's response phase ever ran in 2.0.
      const [expected, actual] = [letters, ours ?? ""].map((text) => (version === "2.0" ? text.replace("S", "") : text));
      return actual === expected ? [] : [`${method}: ${letters}, not ${ours ?? "unknown"}`];
    });
    expect(measured.length).toBeGreaterThan(80);
    expect(wrong).toEqual([]);
  });
});

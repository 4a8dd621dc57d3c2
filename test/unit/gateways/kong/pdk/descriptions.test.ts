// The descriptions of the functions of `kong` name phases and versions: they must be those of the table and the recordings.
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PDK_METHODS, PHASES, wireName } from "../../../../../src/gateways/kong/pdk/index.js";
import type { PdkMethod, Phase } from "../../../../../src/gateways/kong/pdk/index.js";
import { NEWEST, firstTag, isMeasured, readMeasured } from "./measured.js";

interface Description {
  readonly phases: readonly Phase[];
  /** Per phase that came later than the function: the version. */
  readonly later: Readonly<Record<string, string>>;
  readonly since: string | undefined;
}

/** Each documented method of each `interface Kong…`, by its gateway name. */
function readDescriptions(): Map<string, Description> {
  const folder = new URL("../../../../../src/gateways/kong/pdk/", import.meta.url);
  const found = new Map<string, Description>();
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))) {
    let path = "";
    const source = readFileSync(new URL(file, folder), "utf8");
    for (const [, namespace, comment = "", name = ""] of source.matchAll(
      /^export interface Kong(\w*)|^ {2}\/\*\*((?:(?!\*\/)[^])*)\*\/\n {2}(\w+)\(/gm,
    )) {
      if (namespace === undefined) found.set(`${path}.${wireName(name)}`, parse(comment));
      else path = `kong${namespace.replace(/[A-Z]/g, (letter) => `.${letter.toLowerCase()}`)}`;
    }
  }
  return found;
}

function parse(comment: string): Description {
  const text = comment.replace(/\s+\* ?/g, " ");
  const names = /Phases: ((?:[a-z]+(?: \([\d.]+\+\))?(?:, )?)+)\./.exec(text)?.[1] ?? "";
  const parts = names.split(", ").map((part) => /^(\w+)(?: \(([\d.]+)\+\))?$/.exec(part) ?? []);
  return {
    phases: names === "all" ? PHASES : PHASES.filter((phase) => parts.some(([, name]) => name === phase)),
    later: Object.fromEntries(parts.flatMap(([, name, tag]) => (name === undefined || tag === undefined ? [] : [[name, tag]]))),
    since: /Measured from (\d+\.\d+\.\d+)/.exec(text)?.[1],
  };
}

const descriptions = readDescriptions();
const rows: readonly PdkMethod[] = PDK_METHODS;

describe("the descriptions of kong", () => {
  it("are there for every function of the table", () => {
    expect([...descriptions.keys()].sort()).toEqual(rows.map(({ method }) => method as string).sort());
  });

  it.each(rows)("$method names its phases", ({ method, phases }) => {
    expect(descriptions.get(method)?.phases).toEqual(phases);
  });
});

describe.skipIf(!isMeasured)("the descriptions of kong and the recordings", () => {
  const measured = readMeasured();

  it.each(rows)("$method names the versions", ({ method }) => {
    const phases = measured.get(method)?.phases ?? [];
    if (phases[NEWEST] === undefined) return;
    const answers = phases.some((set) => set !== undefined && set.size > 0);
    const since = firstTag(phases, (set) => set !== undefined && (!answers || set.size > 0));
    const later: (readonly [Phase, string])[] = [...(phases[NEWEST] ?? [])].flatMap((phase) => {
      const tag = firstTag(phases, (set) => set?.has(phase) === true);
      // 2.0.5 has no response phase at all, which is not worth saying at each function.
      return tag === undefined || tag === since || (phase === "response" && tag === "2.2.2") ? [] : [[phase, tag]];
    });
    expect(descriptions.get(method)?.later).toEqual(Object.fromEntries(later));
    expect(descriptions.get(method)?.since ?? "2.0.5").toBe(since);
  });
});

import { describe, expect, it } from "vitest";
import { PDK_METHODS, PDK_NOT_OFFERED, PHASES, jsName, wireName } from "../../../../../src/gateways/kong/pdk/index.js";
import type { PdkMethod, Phase } from "../../../../../src/gateways/kong/pdk/index.js";
import { NEWEST, isMeasured, readMeasured } from "./measured.js";

const rows: readonly PdkMethod[] = PDK_METHODS;
const byName = new Map<string, PdkMethod>(rows.map((row) => [row.method, row]));

describe("PDK_METHODS", () => {
  it("names every function once", () => {
    expect(byName.size).toBe(rows.length);
  });

  it.each(rows)("$method is a gateway name that survives the way to JavaScript and back", ({ method }) => {
    expect(method).toMatch(/^kong(\.[a-z][a-z0-9_]*){2,3}$/);
    const segments = method.split(".");
    expect(segments.map(jsName).map(wireName)).toEqual(segments);
  });

  it("waits for everything but what returns nothing", () => {
    for (const { method, returns, writeBehind, ends } of rows) {
      expect(writeBehind || ends, method).toBe(returns === "nothing");
      expect(writeBehind && ends, method).toBe(false);
    }
  });

  it("ends the request only in kong.response", () => {
    expect(rows.filter(({ ends }) => ends).map(({ method }) => method)).toEqual(["kong.response.exit", "kong.response.error"]);
  });

  it("lists known phases, in the order of PHASES", () => {
    for (const { method, phases } of rows) expect(phases, method).toEqual(PHASES.filter((phase) => phases.includes(phase)));
  });
});

describe.skipIf(!isMeasured)("PDK_METHODS and the measured functions", () => {
  const measured = readMeasured();

  it("are the same functions", () => {
    expect(measured.size).toBeGreaterThan(90);
    const notOffered = PDK_NOT_OFFERED.map(({ method }) => method as string);
    const names = [...byName.keys(), ...notOffered].filter((method) => method !== "kong.ctx.plugin.set"); // the counterpart of get
    expect(names.sort()).toEqual([...measured.keys()].sort());
  });

  it.each(PDK_NOT_OFFERED)("$method is of no use in any recorded gateway", ({ method, because }) => {
    const phases = measured.get(method)?.phases ?? [];
    expect(phases.every((answered) => answered === undefined || answered.size === 0)).toBe(true);
    expect(phases.some((answered) => answered !== undefined)).toBe(because === "refused");
  });

  it.each(rows)("$method is allowed where the newest gateway answers it", ({ method, ends, phases }) => {
    const answered = measured.get(method)?.phases[NEWEST];
    // Not recorded: what the gateway lacks, what never answers, and what only the certificate phase has.
    if (answered === undefined || ends || method === "kong.client.tls.disable_session_reuse") return;
    const recorded: readonly Phase[] = phases.filter((phase) => phase !== "certificate" && phase !== "preread");
    expect(recorded).toEqual(PHASES.filter((phase) => answered.has(phase)));
  });

  it.each(rows)("$method waits if the gateway has something to say", ({ method, writeBehind }) => {
    const results = measured.get(method)?.results ?? "";
    if (/\b(str|int|bool|float|bin|map)/.test(results)) expect(writeBehind).toBe(false);
  });
});

// Functions called by their gateway names, `kong.request.get_header`: sent as they are, with the checks of the table.
import { describe, expect, it } from "vitest";
import { PDK_METHODS, type PdkMethod, PHASES } from "../../../../../src/gateways/kong/pdk/index.js";
import { sampleArguments } from "../../../../support/index.js";
import { type AnyKong, RecordedHost } from "./recorded-host.js";

const spelt = (PDK_METHODS as readonly PdkMethod[]).filter(({ method }) => method.includes("_"));

const functionAt = (kong: AnyKong, method: string): AnyKong =>
  method
    .split(".")
    .slice(1)
    .reduce<AnyKong>((node, name) => Reflect.get(node, name) as AnyKong, kong);

describe("by its gateway name", () => {
  it.each(spelt)("$method is called as the gateway has it", async ({ method, phases: [phase = "access"], writeBehind }) => {
    const args = sampleArguments(method);
    const recorded = RecordedHost.running((kong) => functionAt(kong, method)(...args), "buffer", phase);
    await recorded.play([], phase);
    expect(recorded.calls()).toEqual([{ method, args, kind: writeBehind ? "tell" : "ask" }]);
  });

  it.each(spelt.filter(({ phases }) => !phases.includes("log")))("$method is refused where no gateway runs it", async (row) => {
    const [phase = "log"] = PHASES.filter(
      (name) => name !== "certificate" && name !== "preread" && ![...row.phases, ...row.formerly].includes(name),
    );
    const recorded = RecordedHost.running(
      (kong) => functionAt(kong, row.method)(...sampleArguments(row.method)),
      "buffer",
      phase,
    );
    expect(await recorded.play([], phase)).toMatchObject({ kind: "failure", error: { code: "PDK_WRONG_PHASE" } });
    expect(recorded.calls()).toEqual([]);
  });
});

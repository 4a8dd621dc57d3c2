// Calls that every gateway leaves without an answer: they fail here, and nothing of them is sent.
import { describe, expect, it } from "vitest";
import {
  isPdkError,
  jsName,
  PDK_METHODS,
  type PdkMethod,
  PHASES,
  type Phase,
} from "../../../../../src/gateways/kong/pdk/index.js";
import { sampleArguments } from "../../../../support/index.js";
import { isMeasured, readMeasured } from "../pdk/measured.js";
import { type AnyKong, RecordedHost, settle } from "./recorded-host.js";

const methods: readonly PdkMethod[] = PDK_METHODS;

/** Made of other calls. */
const COMPOSED: ReadonlySet<string> = new Set([
  "kong.request.get_body",
  "kong.service.request.set_body",
  "kong.service.response.get_headers",
]);

interface Outcome {
  /** What the handler caught. */
  readonly thrown: unknown;
  readonly calls: readonly string[];
  /** It came before the call returned. */
  readonly inTheCall: boolean;
}

/** Makes one call in one phase, whose answer is nil. */
async function call(phase: Phase, method: string, args: readonly unknown[]): Promise<Outcome> {
  let outcome: { thrown: unknown; inTheCall: boolean } = { thrown: undefined, inTheCall: false };
  const handler = async (kong: AnyKong): Promise<void> => {
    const path = method.split(".").slice(1).map(jsName);
    const made = path.reduce<AnyKong>((node, name) => Reflect.get(node, name) as AnyKong, kong);
    let inTheCall = true;
    try {
      const answer = made(...args);
      inTheCall = false;
      await answer;
    } catch (thrown) {
      outcome = { thrown, inTheCall };
    }
  };
  const recorded = RecordedHost.running(handler, "buffer", phase);
  await recorded.play([], phase);
  await settle();
  return { ...outcome, calls: recorded.calls().map((sent) => String(sent.method)) };
}

describe("a call in a phase", () => {
  it.each(methods)(
    "$method is sent where some gateway runs it, and refused elsewhere",
    async ({ method, phases, formerly, ends }) => {
      for (const phase of PHASES) {
        const allowed = [...phases, ...formerly].includes(phase);
        const unrecorded = phases.length > 0 && (phase === "certificate" || phase === "preread");
        const { thrown, calls, inTheCall } = await call(phase, method, sampleArguments(method));
        if (allowed || unrecorded) {
          if (!COMPOSED.has(method)) expect(calls, phase).toEqual([method]);
          expect(thrown ?? {}, phase).not.toMatchObject({ code: "PDK_WRONG_PHASE" });
          continue;
        }
        expect(calls, phase).toEqual([]);
        expect(thrown, phase).toMatchObject({ code: "PDK_WRONG_PHASE", method });
        expect(inTheCall).toBe(ends);
      }
    },
  );

  it("names the function, the phase and those that are allowed", async () => {
    const message = async (phase: Phase, method: string): Promise<unknown> =>
      ((await call(phase, method, sampleArguments(method))).thrown as Error).message;
    expect(await message("access", "kong.response.get_status")).toBe(
      "kong.response.get_status cannot be called here: the gateway runs it only in response and log, and this is access",
    );
    expect(await message("log", "kong.response.exit")).toBe(
      "kong.response.exit cannot be called here: the gateway runs it only in rewrite, access and response, and this is log",
    );
    expect(await message("log", "kong.client.tls.disable_session_reuse")).toMatch(/only in certificate, and this is log$/);
    expect(await message("response", "kong.response.set_raw_body")).toMatch(
      /in no phase of a plugin server, and this is response; use kong\.response\.exit in the response phase/,
    );
  });

  it("goes through where only an older gateway ran it, and where the table lacks the function", async () => {
    expect((await call("access", "kong.log.serialize", [])).calls).toEqual(["kong.log.serialize"]);
    expect((await call("log", "kong.request.get_new", [])).calls).toEqual(["kong.request.get_new"]);
  });
});

describe.skipIf(!isMeasured)("what was measured", () => {
  const measured = readMeasured();

  it.each(methods)("$method is refused in no phase in which a recorded gateway ran it", ({ method, phases, formerly }) => {
    const everRan = (measured.get(method)?.phases ?? []).flatMap((set) => [...(set ?? [])]);
    for (const phase of everRan) expect([...phases, ...formerly]).toContain(phase);
    for (const phase of formerly) expect(everRan).toContain(phase);
  });
});

const bytes = new TextEncoder().encode("/x");

describe("arguments", () => {
  it.each<[method: string, argument: string, wrong: readonly unknown[][], right: readonly unknown[][]]>([
    ["client.load_consumer", "id", [["alice"], [], [1, true], ["alice", false]], [["alice", true], ["6384E2B2-184b-4bf5-aecc-f10ca7a6563c"]]], // prettier-ignore
    ["client.authenticate", "consumer", [[null, null], []], [[{ id: "c" }], [null, { id: "k" }]]],
    ["node.get_memory_stats", "unit", [["x"], [1], ["kb"]], [[], ["m"], ["K", 2], [null]]],
    ["request.get_query_arg", "name", [[], [1]], [["a"], [bytes]]],
    ["request.get_query", "maxArgs", [[1001], [0], ["5"], [Number.NaN]], [[], [1], [1000], [2.5], [null]]],
    ["request.get_header", "name", [[], [1], [null]], [["x"]]],
    ["request.get_headers", "maxHeaders", [[1001], [0], [-1]], [[], [1000]]],
    ["response.set_status", "status", [["201"], [700], [99], []], [[100], [202.5], [599], [200n]]],
    ["response.set_header", "name", [[], [1, "x"]], [["x", "1"]]],
    [
      "response.set_header",
      "value",
      [["x"], ["x", null]],
      [
        ["x", ""],
        ["x", false],
        ["x", ["a"]],
        ["x", bytes],
      ],
    ],
    ["response.set_headers", "headers", [[], ["x"], [bytes]], [[{}], [[]]]],
    [
      "service.set_target",
      "port",
      [["h", "80"], ["h"], ["h", 1.5], ["h", 65_536]],
      [
        ["h", 0],
        ["h", 80],
        ["h", 8080n],
      ],
    ],
    ["service.set_timeouts", "write", [[1, 0, 1], [1]], [[1, 1, 1]]],
    ["service.request.set_scheme", "scheme", [["ftp"], ["HTTP"], []], [["http"], ["https"]]],
    ["service.request.set_path", "path", [["no-slash"], [""], [undefined]], [["/"], [bytes]]],
    ["service.request.set_method", "method", [["put"], ["PURGE"], [1]], [["PUT"], ["TRACE"]]],
    ["service.request.add_header", "value", [["x"]], [["x", 1]]],
    ["service.request.set_raw_body", "body", [[{}], [1]], [[""], [bytes]]],
    ["service.request.set_body", "mimetype", [[{ a: 1 }, "text/plain"]], []],
  ])("of kong.%s: %s", async (name, argument, wrong, right) => {
    const method = `kong.${name}`;
    for (const args of wrong) {
      const { thrown, calls } = await call("access", method, args);
      expect(thrown, JSON.stringify(args.map(String))).toMatchObject({ code: "PDK_BAD_ARGUMENT", method });
      expect((thrown as Error).message).toMatch(new RegExp(`^${method} got a wrong argument: ${argument}\\b`));
      expect(calls).toEqual([]);
    }
    for (const args of right)
      expect((await call("access", method, args)).calls, JSON.stringify(args.map(String))).toEqual([method]);
  });

  it.each([
    ["exit", [99, 600, "200", undefined]],
    ["error", [99, 399, 600, "500"]],
  ] as const)("of kong.response.%s throw at once", async (name, wrong) => {
    for (const status of wrong) {
      const { thrown, inTheCall, calls } = await call("access", `kong.response.${name}`, [status]);
      expect(isPdkError(thrown) && thrown.code).toBe("PDK_BAD_ARGUMENT");
      expect(inTheCall).toBe(true);
      expect(calls).toEqual([]);
    }
  });

  it("of the log phase are looked at less, as the gateway does", async () => {
    expect((await call("log", "kong.request.get_headers", [5000])).calls).toEqual(["kong.request.get_headers"]);
    expect((await call("log", "kong.request.get_header", [1])).calls).toEqual(["kong.request.get_header"]);
    expect((await call("log", "kong.request.get_header", [])).thrown).toMatchObject({ code: "PDK_BAD_ARGUMENT" });
  });

  it("are shown, but not at any length", async () => {
    const message = async (...args: readonly unknown[]): Promise<string> =>
      ((await call("access", "kong.service.set_target", args)).thrown as Error).message;
    expect(await message("h", "18402")).toMatch(/: port must be an integer from 0 to 65535, not '18402'$/);
    expect(await message("h")).toMatch(/: port is missing: it must be an integer from 0 to 65535$/);
    expect((await message("h", "x".repeat(10_000))).length).toBeLessThan(300);
    expect((await message("h", Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, i])))).length).toBeLessThan(
      300,
    );
  });
});

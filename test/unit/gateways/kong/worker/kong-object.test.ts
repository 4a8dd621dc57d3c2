// The `kong` that handlers get: every function of the table under its JavaScript name, and a way to those it lacks.
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { jsName, PDK_METHODS, PDK_NOT_OFFERED, type Phase } from "../../../../../src/gateways/kong/pdk/index.js";
import { sampleArguments } from "../../../../support/index.js";
import { type AnyKong, RecordedHost, settle } from "./recorded-host.js";

/** Runs a handler to its end and gives the calls it made. */
async function callsOf(
  handler: (kong: AnyKong) => unknown,
  answers: readonly unknown[] = [],
  phase: Phase = "access",
): Promise<readonly { method: unknown; args: unknown; kind: string }[]> {
  const recorded = RecordedHost.running(handler, "buffer", phase);
  const end = await recorded.play(answers, phase);
  if (end.kind === "failure") throw new Error(end.error.stack);
  return recorded.calls();
}

const functionAt = (kong: AnyKong, path: readonly string[]): AnyKong =>
  path.reduce<AnyKong>((node, name) => Reflect.get(node, name) as AnyKong, kong);

/** Made of other calls. */
const COMPOSED: ReadonlySet<string> = new Set([
  "kong.request.get_body",
  "kong.service.request.set_body",
  "kong.service.response.get_headers",
]);

const pathOf = (method: string): string[] => method.split(".").slice(1).map(jsName);

describe("the functions of the table", () => {
  const offered = PDK_METHODS.filter(({ method }) => !COMPOSED.has(method));

  it.each(
    offered.map(
      ({ method, writeBehind, ends, phases }) => [method, ends ? "end" : writeBehind ? "tell" : "ask", phases] as const,
    ),
  )("%s is there, and makes its call", async (method, kind, phases) => {
    const args = sampleArguments(method);
    const calls = await callsOf(
      (kong) => {
        const made = functionAt(kong, pathOf(method))(...args);
        return kind === "ask" ? made : undefined;
      },
      [],
      phases[0],
    );
    // Without its 0 a gateway would refuse a large body.
    expect(calls).toEqual([{ method, args: method === "kong.request.get_raw_body" ? [0] : args, kind }]);
  });

  it.each(PDK_NOT_OFFERED.filter(({ because }) => because === "refused"))(
    "$method, which every gateway refuses, fails",
    async ({ method }) => {
      expect(
        await callsOf((kong) => expect(functionAt(kong, pathOf(method))()).rejects.toMatchObject({ code: "PDK_WRONG_PHASE" })),
      ).toEqual([]);
    },
  );

  it.each(PDK_NOT_OFFERED.filter(({ because }) => because === "unknown"))(
    "$method, which a newer gateway may have, is sent",
    async ({ method }) => {
      expect(await callsOf((kong) => functionAt(kong, pathOf(method))("a"))).toEqual([{ method, args: ["a"], kind: "ask" }]);
    },
  );

  it("work without the object they came from", async () => {
    const calls = await callsOf(async (kong) => {
      const { getHeader } = kong.request;
      const { info } = kong.log;
      const { request } = kong;
      await getHeader("a");
      await info("b");
      await request.getMethod();
      await ["x", "y"].reduce((before, name) => before.then(() => getHeader(name)), Promise.resolve<unknown>(undefined));
    });
    expect(calls.map(({ method, args }) => [method, args])).toEqual([
      ["kong.request.get_header", ["a"]],
      ["kong.log.info", ["b"]],
      ["kong.request.get_method", []],
      ["kong.request.get_header", ["x"]],
      ["kong.request.get_header", ["y"]],
    ]);
  });

  it("return promises", async () => {
    const kinds: boolean[] = [];
    await callsOf((kong) => {
      kinds.push(kong.log.info("x") instanceof Promise, kong.client.getIp() instanceof Promise);
    });
    expect(kinds).toEqual([true, true]);
  });
});

describe("functions that the table lacks", () => {
  it("are sent as they are, and their answer awaited", async () => {
    let value: unknown;
    const calls = await callsOf(
      async (kong) => {
        value = await kong.some.newThing("a", 2);
      },
      [{ x: [1] }],
    );
    expect(calls).toEqual([{ method: "kong.some.new_thing", args: ["a", 2], kind: "ask" }]);
    expect(value).toEqual({ x: [1] });
  });

  it.each<[string, (kong: AnyKong) => Promise<unknown>]>([
    ["kong.new_thing", (kong) => kong.newThing()],
    ["kong.request.get_new", (kong) => kong.request.getNew()],
    ["kong.service.request.set_new", (kong) => kong.service.request.setNew()],
    ["kong.very.deep.down.get_it", (kong) => kong.very.deep.down.getIt()],
    ["kong.request.get_tls1_v2", (kong) => kong.request.getTls1V2()],
    ["kong.snake.get_it", (kong) => kong.snake.get_it()],
  ])("%s", async (method, call) => {
    expect(await callsOf(call)).toEqual([{ method, args: [], kind: "ask" }]);
  });

  it("work without the object they came from", async () => {
    const calls = await callsOf((kong) => {
      const { getNew } = kong.request;
      return getNew(1);
    });
    expect(calls).toEqual([{ method: "kong.request.get_new", args: [1], kind: "ask" }]);
  });
});

describe("looking at it", () => {
  it("`await kong` and returning it do not hang", async () => {
    expect(
      await callsOf(async (kong) => {
        for (const value of [kong, kong.request, kong.some, kong.some.thing]) await Promise.resolve<unknown>(value);
        return kong;
      }),
    ).toEqual([]);
  });

  it.each<[string, (kong: AnyKong) => unknown]>([
    ["JSON.stringify(kong)", (kong) => JSON.stringify({ kong, request: kong.request })],
    ["JSON.stringify of what the table lacks", (kong) => JSON.stringify({ some: kong.some, thing: kong.some.thing })],
    ["inspect", (kong) => inspect(kong) + inspect(kong.request) + inspect(kong.some.thing)],
    ["a template", (kong) => `${String(kong)} ${String(kong.request)}`],
    ["Object.keys", (kong) => Object.keys(kong).length + Object.keys(kong.request).length],
    ["typeof and truth", (kong) => [typeof kong.some, typeof kong.some.thing]],
    ["Symbol.iterator", (kong) => Reflect.get(kong, Symbol.iterator) as unknown],
    ["instanceof", (kong) => kong instanceof Promise],
  ])("%s makes no call and does not throw", async (_name, look) => {
    expect(
      await callsOf((kong) => {
        look(kong);
        return settle();
      }),
    ).toEqual([]);
  });

  it("one event's objects make its own calls, also beside another's", async () => {
    const kongs: AnyKong[] = [];
    const recorded = RecordedHost.running((kong) => {
      kongs.push(kong);
      return kongs.length === 2 ? Promise.all(kongs.map((each) => each.client.getIp())) : new Promise(() => {});
    });
    const [first, second] = [recorded.start(), recorded.start()];
    await recorded.until(2);
    expect(recorded.reports.map((report) => "eventId" in report && report.eventId)).toEqual([first, second]);
  });
});

describe("kong.log", () => {
  it("is a function as well, and the namespace it always was", async () => {
    const recorded = RecordedHost.running(async (kong) => {
      await kong.log("a", 1);
      await kong.log.info("b");
      const { log } = kong;
      await log("c");
      await log.some.thing("d");
    });
    await recorded.play();
    expect(recorded.calls().map(({ method, args }) => [method, args])).toEqual([
      ["kong.log.notice", ["a", 1]],
      ["kong.log.info", ["b"]],
      ["kong.log.notice", ["c"]],
      ["kong.log.some.thing", ["d"]],
    ]);
  });
});

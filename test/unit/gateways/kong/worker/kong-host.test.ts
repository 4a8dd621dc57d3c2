// Handlers in the thread they are in: how events begin, and how their calls travel.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { phaseFunction } from "../../../../../src/gateways/kong/msgpack/index.js";
import { type AnyKong, INSTANCE, RecordedHost, settle } from "./recorded-host.js";

/** Rejections that nobody awaited while a test ran. */
let stray: unknown[];
const onStray = (reason: unknown): void => {
  stray.push(reason);
};
beforeEach(() => {
  stray = [];
  process.on("unhandledRejection", onStray);
});
afterEach(() => {
  process.off("unhandledRejection", onStray);
});

describe("instances", () => {
  it("get their configuration without what the gateway adds", () => {
    const configs: unknown[] = [];
    const { host, reports } = new RecordedHost((config) => {
      configs.push(config);
      return {};
    });
    host.bind({ id: 1, config: '{"message":"é","__seq__":3}' });
    expect(configs).toEqual([{ message: "é" }]);
    expect(reports).toEqual([]);
  });

  it.each([
    ["no JSON", "{", SyntaxError.name],
    ["an empty text", "", SyntaxError.name],
    ["a number", "5", TypeError.name],
    ["null", "null", TypeError.name],
  ])("with a configuration that is %s fail, and so do their events", (_name, config, error) => {
    const recorded = new RecordedHost(() => ({}));
    recorded.host.bind({ id: INSTANCE, config });
    expect(recorded.reports).toEqual([
      { kind: "instance-failed", instanceId: INSTANCE, error: expect.objectContaining({ name: error }) as unknown },
    ]);
    recorded.start();
    expect(recorded.kinds()).toEqual(["instance-failed", "failure"]);
  });

  it("that do not start fail their events with the reason", () => {
    const recorded = new RecordedHost(() => {
      throw new RangeError("no such region");
    });
    recorded.host.bind({ id: INSTANCE, config: "{}" });
    recorded.start();
    const [failed, event] = recorded.reports;
    expect(failed).toMatchObject({ kind: "instance-failed", error: { name: "RangeError", message: "no such region" } });
    expect(event).toMatchObject({ kind: "failure", error: { message: `instance ${INSTANCE} did not start: no such region` } });
  });

  it("that are not here fail their events", () => {
    const recorded = RecordedHost.running(() => {});
    recorded.host.start({ callId: 5, bindingId: 99, functionName: phaseFunction("MsgPack:1", "access") });
    expect(recorded.reports).toEqual([
      { kind: "failure", eventId: 5, error: expect.objectContaining({ message: "instance 99 is not here" }) as unknown },
    ]);
  });

  it("that are closed let running events finish and start no new ones", async () => {
    const recorded = RecordedHost.running((kong) => kong.client.getIp());
    const eventId = recorded.start();
    recorded.host.unbind(INSTANCE);
    recorded.start();
    await recorded.until(2);
    recorded.answer(eventId, "1.2.3.4");
    await recorded.until(3);
    expect(recorded.kinds()).toEqual(["failure", "calls", "return"]);
  });

  it("keep their state from event to event", async () => {
    const recorded = new RecordedHost(() => {
      let hits = 0;
      return { access: (kong) => kong.log.info((hits += 1)) };
    });
    recorded.host.bind({ id: INSTANCE, config: "{}" });
    recorded.start();
    await recorded.until(2);
    recorded.start();
    await recorded.until(4);
    expect(recorded.calls().map(({ args }) => args)).toEqual([[1], [2]]);
  });
});

describe("phases", () => {
  it("each run their own handler", async () => {
    const recorded = new RecordedHost(() => ({ access: (kong) => kong.log.info("access"), log: (kong) => kong.log.info("log") }));
    recorded.host.bind({ id: INSTANCE, config: "{}" });
    recorded.start("log");
    await recorded.until(2);
    expect(recorded.calls()).toEqual([{ method: "kong.log.info", args: ["log"], kind: "tell" }]);
  });

  it.each(["response", "toString", "constructor", "__proto__"])("without a handler return at once: %s", async (phase) => {
    const recorded = RecordedHost.running(() => {});
    recorded.start(phase);
    await recorded.until(1);
    expect(recorded.kinds()).toEqual(["return"]);
  });
});

describe("calls", () => {
  it("that want an answer go out in the tick they are made in, and get it", async () => {
    let ip: unknown;
    const recorded = RecordedHost.running(async (kong) => {
      ip = await kong.client.getIp();
    });
    expect(await recorded.play(["1.2.3.4"])).toMatchObject({ kind: "return" });
    expect(ip).toBe("1.2.3.4");
    expect(recorded.calls()).toEqual([{ method: "kong.client.get_ip", args: [], kind: "ask" }]);
  });

  it("made at once travel together and get their own answers", async () => {
    let values: unknown;
    const recorded = RecordedHost.running(async (kong) => {
      values = await Promise.all([kong.request.getHeader("a"), kong.request.getHeader("b"), kong.request.getMethod()]);
    });
    await recorded.play(["A", "B", "GET"]);
    expect(values).toEqual(["A", "B", "GET"]);
    expect(recorded.kinds()).toEqual(["calls", "return"]);
  });

  it("that return nothing wait for the next one that wants an answer, in order", async () => {
    const recorded = RecordedHost.running(async (kong) => {
      await kong.service.request.setHeader("a", "1");
      await kong.service.request.setHeader("b", "2");
      await settle();
      await kong.client.getIp();
      await kong.response.setHeader("c", "3");
      void kong.log.info("d");
    });
    await recorded.play(["1.2.3.4"]);
    expect(
      recorded.reports.map((report) =>
        report.kind === "calls" ? report.calls.map(({ method, kind }) => `${kind} ${String(method)}`) : report.kind,
      ),
    ).toEqual([
      ["tell kong.service.request.set_header", "tell kong.service.request.set_header", "ask kong.client.get_ip"],
      ["tell kong.response.set_header", "tell kong.log.info"],
      "return",
    ]);
    expect(recorded.calls().map(({ args }) => args)).toEqual([["a", "1"], ["b", "2"], [], ["c", "3"], ["d"]]);
  });

  it("that return nothing are undefined at once", async () => {
    const values: unknown[] = [];
    const recorded = RecordedHost.running(async (kong) => {
      values.push(await kong.response.setHeader("a", "1"));
    });
    await recorded.play();
    expect(values).toEqual([undefined]);
  });

  it("that the gateway refuses throw a PdkError", async () => {
    let caught: unknown;
    const recorded = RecordedHost.running(async (kong) => {
      await kong.request.getHeader("x").catch((error: unknown) => {
        caught = error;
      });
    });
    const eventId = recorded.start();
    await recorded.until(1);
    recorded.fail(eventId, "wrong phase");
    await recorded.until(2);
    expect(caught).toMatchObject({
      name: "PdkError",
      code: "PDK_CALL_FAILED",
      method: "kong.request.get_header",
      message: "kong.request.get_header failed in the gateway: wrong phase",
    });
    expect(recorded.kinds()).toEqual(["calls", "return"]);
  });

  it("whose answer cannot be read throw a PdkError", async () => {
    const recorded = RecordedHost.running((kong) => kong.client.getIp());
    const eventId = recorded.start();
    await recorded.until(1);
    recorded.host.answer(eventId, false, Buffer.from([0xc1]));
    await recorded.until(2);
    expect(recorded.reports[1]).toMatchObject({
      kind: "failure",
      error: { code: "PDK_CALL_FAILED", message: expect.stringContaining("cannot be read") as unknown },
    });
  });

  it("left unawaited at the end are still sent, and the event is over with their answers", async () => {
    const recorded = RecordedHost.running((kong) => {
      void kong.request.getHeader("x");
      void kong.response.setHeader("a", "1");
    });
    const eventId = recorded.start();
    await recorded.until(1);
    await settle();
    expect(recorded.kinds()).toEqual(["calls"]);
    expect(recorded.calls().map(({ method }) => method)).toEqual(["kong.request.get_header", "kong.response.set_header"]);
    recorded.answer(eventId, "late");
    await recorded.until(2);
    expect(recorded.kinds()).toEqual(["calls", "return"]);
  });

  it("left unawaited at the end do not hold up an event that is cancelled", async () => {
    const recorded = RecordedHost.running((kong) => {
      void kong.request.getHeader("x").catch(() => {});
    });
    const eventId = recorded.start();
    await recorded.until(1);
    recorded.host.cancel(eventId, "too long");
    await settle();
    expect(recorded.host.eventCount).toBe(0);
    expect(recorded.kinds()).toEqual(["calls"]);
  });

  it("after the handler has returned are refused", async () => {
    let late: AnyKong | undefined;
    const recorded = RecordedHost.running((kong) => {
      late = kong;
    });
    recorded.start();
    await recorded.until(1);
    await expect(late?.client.getIp()).rejects.toMatchObject({ code: "PDK_EVENT_ENDED" });
    await expect(late?.log.info("x")).rejects.toMatchObject({ code: "PDK_EVENT_ENDED" });
    await settle();
    expect(recorded.kinds()).toEqual(["return"]);
  });

  it("of events that run at once do not mix", async () => {
    const recorded = RecordedHost.running(async (kong) => {
      const name = await kong.request.getHeader("name");
      await kong.response.setHeader("name", name);
    });
    const ids = [recorded.start(), recorded.start(), recorded.start()];
    await recorded.until(3);
    for (const id of ids.toReversed()) recorded.answer(id, `for ${id}`);
    await recorded.until(9);
    const set = recorded.reports
      .flatMap((report) => (report.kind === "calls" ? report.calls.map(({ args }) => [report.eventId, args]) : []))
      .filter(([, args]) => Array.isArray(args) && args.length === 2);
    expect(set).toEqual(ids.toReversed().map((id) => [id, ["name", `for ${id}`]]));
  });
});

describe("promises that nobody awaits", () => {
  it("of calls made in time never reject by themselves", async () => {
    const recorded = RecordedHost.running((kong) => {
      void kong.request.getHeader("x");
      void kong.log.info("y");
    });
    await recorded.play(["x"]);
    await settle();
    expect(stray).toEqual([]);
  });
});

// Handlers in the thread they are in: how their calls travel, how events begin, end and are given up.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
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
  it("get their configuration as the gateway sent it", () => {
    const configs: unknown[] = [];
    const { host, reports } = new RecordedHost((config) => {
      configs.push(config);
      return {};
    });
    host.startInstance({ id: 1, config: '{"message":"é","__seq__":3}' });
    expect(configs).toEqual([{ message: "é", __seq__: 3 }]);
    expect(reports).toEqual([]);
  });

  it.each([
    ["no JSON", "{", SyntaxError.name],
    ["an empty text", "", SyntaxError.name],
    ["a number", "5", TypeError.name],
    ["null", "null", TypeError.name],
  ])("with a configuration that is %s fail, and so do their events", (_name, config, error) => {
    const recorded = new RecordedHost(() => ({}));
    recorded.host.startInstance({ id: INSTANCE, config });
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
    recorded.host.startInstance({ id: INSTANCE, config: "{}" });
    recorded.start();
    const [failed, event] = recorded.reports;
    expect(failed).toMatchObject({ kind: "instance-failed", error: { name: "RangeError", message: "no such region" } });
    expect(event).toMatchObject({ kind: "failure", error: { message: `instance ${INSTANCE} did not start: no such region` } });
  });

  it("that are not here fail their events", () => {
    const recorded = RecordedHost.running(() => {});
    recorded.host.startEvent(5, 99, "access", "MsgPack:1");
    expect(recorded.reports).toEqual([
      { kind: "failure", eventId: 5, error: expect.objectContaining({ message: "instance 99 is not here" }) as unknown },
    ]);
  });

  it("that are closed let running events finish and start no new ones", async () => {
    const recorded = RecordedHost.running((kong) => kong.client.getIp());
    const eventId = recorded.start();
    recorded.host.closeInstance(INSTANCE);
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
    recorded.host.startInstance({ id: INSTANCE, config: "{}" });
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
    recorded.host.startInstance({ id: INSTANCE, config: "{}" });
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
    recorded.host.step(eventId, false, Buffer.from([0xc1]));
    await recorded.until(2);
    expect(recorded.reports[1]).toMatchObject({
      kind: "failure",
      error: { code: "PDK_CALL_FAILED", message: expect.stringContaining("cannot be read") as unknown },
    });
  });

  it("left unawaited at the end are still sent, and their answers go nowhere", async () => {
    const recorded = RecordedHost.running((kong) => {
      void kong.request.getHeader("x");
      void kong.response.setHeader("a", "1");
    });
    const eventId = recorded.start();
    await recorded.until(2);
    expect(recorded.kinds()).toEqual(["calls", "return"]);
    expect(recorded.calls().map(({ method }) => method)).toEqual(["kong.request.get_header", "kong.response.set_header"]);
    recorded.answer(eventId, "late");
    await settle();
    expect(recorded.kinds()).toEqual(["calls", "return"]);
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

describe("handlers that fail", () => {
  it.each([
    [
      "by a throw",
      () => {
        throw new TypeError("bad");
      },
    ],
    ["by a rejection", () => Promise.reject(new TypeError("bad"))],
    [
      "later",
      async () => {
        await settle();
        throw new TypeError("bad");
      },
    ],
  ])("%s are reported once, with nothing of what they had queued", async (_name, fail) => {
    const recorded = RecordedHost.running((kong) => {
      void kong.response.setHeader("a", "1");
      return fail();
    });
    recorded.start();
    await recorded.until(1);
    await settle();
    expect(recorded.reports).toEqual([
      expect.objectContaining({
        kind: "failure",
        error: expect.objectContaining({ name: "TypeError", message: "bad" }) as unknown,
      }),
    ]);
  });

  it("with something that is no Error, or cannot be read, are reported too", async () => {
    const hostile = Object.defineProperty(new Error("x"), "message", {
      get() {
        throw new Error("getter");
      },
    });
    for (const thrown of [undefined, null, "text", hostile]) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the very thing that is tested
      const recorded = RecordedHost.running(() => Promise.reject(thrown));
      recorded.start();
      await recorded.until(1);
      expect(recorded.kinds()).toEqual(["failure"]);
    }
  });
});

describe("kong.response.exit", () => {
  const AFTER = "after";

  it.each<[string, (kong: AnyKong) => unknown]>([
    [
      "not awaited",
      (kong) => {
        void kong.response.exit(403, "no");
        void kong.log.info(AFTER);
      },
    ],
    [
      "awaited",
      async (kong) => {
        await kong.response.exit(403, "no");
        await kong.log.info(AFTER);
      },
    ],
    ["returned", (kong) => kong.response.exit(403, "no")],
    [
      "in an async function",
      async (kong) => {
        const deny = async (): Promise<void> => {
          await kong.response.exit(403, "no");
        };
        await deny();
        await kong.log.info(AFTER);
      },
    ],
    [
      "in a promise chain",
      (kong) =>
        Promise.resolve()
          .then(() => kong.response.exit(403, "no"))
          .then(() => kong.log.info(AFTER)),
    ],
    [
      "in a try that swallows it",
      async (kong) => {
        try {
          await kong.response.exit(403, "no");
        } catch {
          await kong.log.info(AFTER).catch(() => {});
        }
      },
    ],
    [
      "behind an answered call",
      async (kong) => {
        await kong.request.getHeader("x");
        await kong.response.exit(403, "no");
      },
    ],
    ["in a callback of the handler's", (kong) => [1, 2].map(() => kong.response.exit(403, "no"))],
  ])("%s ends the event with that call, once", async (_name, handler) => {
    const recorded = RecordedHost.running(handler);
    await recorded.play(["value"]);
    await settle();
    expect(recorded.calls().at(-1)).toEqual({ method: "kong.response.exit", args: [403, "no"], kind: "end" });
    expect(recorded.kinds()).not.toContain("return");
    expect(recorded.kinds()).not.toContain("failure");
    expect(recorded.calls().flatMap(({ args }) => args)).not.toContain(AFTER);
    expect(recorded.calls().filter(({ kind }) => kind === "end")).toHaveLength(1);
  });

  it("takes along what was queued before it", async () => {
    const recorded = RecordedHost.running((kong) => {
      void kong.response.setHeader("a", "1");
      void kong.response.exit(200);
    });
    await recorded.play();
    expect(recorded.calls().map(({ method, kind }) => [method, kind])).toEqual([
      ["kong.response.set_header", "tell"],
      ["kong.response.exit", "end"],
    ]);
    expect(recorded.reports).toHaveLength(1);
  });

  it("takes along a call that waits in the same tick, whose answer then never comes", async () => {
    const recorded = RecordedHost.running((kong) => {
      void kong.request.getHeader("x");
      void kong.response.exit(200);
    });
    recorded.start();
    await recorded.until(1);
    await settle();
    expect(recorded.reports).toHaveLength(1);
    expect(recorded.calls().map(({ kind }) => kind)).toEqual(["ask", "end"]);
  });

  it("a call after it is refused", async () => {
    let caught: unknown;
    const recorded = RecordedHost.running(async (kong) => {
      try {
        await kong.response.exit(200);
      } catch {
        await kong.client.getIp().catch((error: unknown) => {
          caught = error;
        });
      }
    });
    await recorded.play();
    await settle();
    expect(caught).toMatchObject({ code: "PDK_EVENT_ENDED", method: "kong.client.get_ip" });
  });

  it("a handler that fails behind it is logged and changes nothing", async () => {
    const recorded = RecordedHost.running(async (kong) => {
      try {
        await kong.response.exit(200);
      } catch {
        throw new Error("behind the end");
      }
    });
    recorded.start();
    await recorded.until(2);
    expect(recorded.reports[1]).toMatchObject({
      kind: "log",
      entry: { level: "warn", phase: "access", instanceId: INSTANCE, error: { message: "behind the end" } },
    });
  });

  it("kong.response.error ends the event as well", async () => {
    const recorded = RecordedHost.running((kong) => kong.response.error(502, "bad upstream"));
    await recorded.play();
    expect(recorded.calls()).toEqual([{ method: "kong.response.error", args: [502, "bad upstream"], kind: "end" }]);
  });

  it.each([
    ["a body that cannot be sent", [403, () => {}]],
    ["a circular body", [403, circular()]],
  ])("with %s does not let the request through", async (_name, args) => {
    const recorded = RecordedHost.running((kong) => {
      void kong.response.exit(...args);
    });
    recorded.start();
    await recorded.until(1);
    await settle();
    // Had it only rejected, a handler that does not await it would return as if all were well.
    expect(recorded.reports).toEqual([
      expect.objectContaining({ kind: "failure", error: expect.objectContaining({ code: "PDK_BAD_ARGUMENT" }) as unknown }),
    ]);
  });
});

function circular(): object {
  const object: Record<string, unknown> = {};
  object["self"] = object;
  return object;
}

describe("cancelling", () => {
  it("rejects what is awaited, with the reason, and nothing is heard of the event again", async () => {
    let caught: unknown;
    const recorded = RecordedHost.running(async (kong) => {
      await kong.client.getIp().catch((error: unknown) => {
        caught = error;
      });
      await kong.log.info("after").catch(() => {});
    });
    const eventId = recorded.start();
    await recorded.until(1);
    recorded.host.cancelEvent(eventId, "it took longer than 50 s");
    await settle();
    expect(caught).toMatchObject({
      code: "PDK_EVENT_CANCELLED",
      message: expect.stringContaining("it took longer than 50 s") as unknown,
    });
    expect(recorded.kinds()).toEqual(["calls"]);
    recorded.answer(eventId, "late");
    recorded.host.cancelEvent(eventId, "again");
    await settle();
    expect(recorded.kinds()).toEqual(["calls"]);
  });

  it("drops what was queued and not sent", async () => {
    const recorded = RecordedHost.running(async (kong) => {
      await kong.response.setHeader("a", "1");
      await new Promise(() => {});
    });
    const eventId = recorded.start();
    await settle();
    recorded.host.cancelEvent(eventId, "too long");
    await settle();
    expect(recorded.reports).toEqual([]);
  });

  it("a handler that fails because of it is logged as late", async () => {
    const recorded = RecordedHost.running((kong) => kong.client.getIp());
    const eventId = recorded.start();
    await recorded.until(1);
    recorded.host.cancelEvent(eventId, "too long");
    await recorded.until(2);
    expect(recorded.reports[1]).toMatchObject({
      kind: "log",
      entry: { level: "warn", message: "the access handler failed after its event had been cancelled" },
    });
  });

  it("of an event that is over, or never was, does nothing", async () => {
    const recorded = RecordedHost.running(() => {});
    const eventId = recorded.start();
    await recorded.until(1);
    recorded.host.cancelEvent(eventId, "late");
    recorded.host.cancelEvent(12345, "never");
    recorded.answer(12345, "x");
    await settle();
    expect(recorded.kinds()).toEqual(["return"]);
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

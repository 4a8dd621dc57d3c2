// How events end otherwise than by the return of their handler.
import { describe, expect, it } from "vitest";
import { type AnyKong, INSTANCE, RecordedHost, settle } from "./recorded-host.js";

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
      entry: { level: "warn", functionName: "access", bindingId: INSTANCE, error: { message: "behind the end" } },
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
    recorded.host.cancel(eventId, "it took longer than 50 s");
    await settle();
    expect(caught).toMatchObject({
      code: "PDK_EVENT_CANCELLED",
      message: expect.stringContaining("it took longer than 50 s") as unknown,
    });
    expect(recorded.kinds()).toEqual(["calls"]);
    recorded.answer(eventId, "late");
    recorded.host.cancel(eventId, "again");
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
    recorded.host.cancel(eventId, "too long");
    await settle();
    expect(recorded.reports).toEqual([]);
  });

  it("a handler that fails because of it is logged as late", async () => {
    const recorded = RecordedHost.running((kong) => kong.client.getIp());
    const eventId = recorded.start();
    await recorded.until(1);
    recorded.host.cancel(eventId, "too long");
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
    recorded.host.cancel(eventId, "late");
    recorded.host.cancel(12345, "never");
    recorded.answer(12345, "x");
    await settle();
    expect(recorded.kinds()).toEqual(["return"]);
  });
});

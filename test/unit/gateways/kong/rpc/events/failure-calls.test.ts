// What the gateway is asked to do where a plugin failed: no request goes through as if nothing had been.
import { describe, expect, it } from "vitest";
import { PHASES } from "../../../../../../src/gateways/kong/pdk/index.js";
import { FAIL_CLOSED, failureCalls } from "../../../../../../src/gateways/kong/rpc/events/failure-calls.js";

const LOG = { method: "kong.log.err", args: ["plugin hello failed in PHASE: it broke"], ends: false };
const CAN_ANSWER = ["rewrite", "access", "response"];

describe("a plugin that failed", () => {
  it.each(CAN_ANSWER)("in %s: the reason goes to the log, and the client gets a 500 that does not tell it", (phase) => {
    const calls = failureCalls("hello", phase, "it broke", "exit");
    expect(calls.filter(({ method }) => method !== "kong.response.clear_header")).toEqual([
      { ...LOG, args: [`plugin hello failed in ${phase}: it broke`] },
      { method: "kong.response.exit", args: [500, { message: "An unexpected error occurred" }], ends: true },
    ]);
  });

  it("in preread: the stream ends, whose exit takes text", () => {
    expect(failureCalls("hello", "preread", "it broke", "exit")).toEqual([
      { ...LOG, args: ["plugin hello failed in preread: it broke"] },
      { method: "kong.response.exit", args: [500, "An unexpected error occurred"], ends: true },
    ]);
  });

  it.each(PHASES.filter((phase) => phase !== "preread" && !CAN_ANSWER.includes(phase)))(
    "in %s: only the log hears of it, since the gateway refuses an answer there",
    (phase) => {
      expect(failureCalls("hello", phase, "it broke", "exit")).toEqual([
        { ...LOG, args: [`plugin hello failed in ${phase}: it broke`] },
      ]);
    },
  );

  it.each(PHASES)("in %s, where failures are to be passed over: only the log hears of it", (phase) => {
    expect(failureCalls("hello", phase, "it broke", "continue")).toEqual([
      { ...LOG, args: [`plugin hello failed in ${phase}: it broke`] },
    ]);
  });

  it("in response the headers go that describe the service's body, and only there", () => {
    const cleared = (phase: string): unknown[] =>
      failureCalls("hello", phase, "x", "exit").flatMap(({ method, args }) =>
        method === "kong.response.clear_header" ? args : [],
      );
    expect(cleared("response")).toEqual(
      expect.arrayContaining(["Content-Encoding", "Content-Type", "ETag", "Last-Modified", "Content-Range", "Cache-Control"]),
    );
    for (const phase of ["rewrite", "access", "log"]) expect(cleared(phase)).toEqual([]);
  });

  it("only the last call ends the request", () => {
    for (const phase of PHASES) {
      const ends = failureCalls("hello", phase, "x", "exit").map(({ ends: last }) => last);
      expect(ends.slice(0, -1)).not.toContain(true);
    }
  });

  it("a body is never nil in between: that would cut off what follows it", () => {
    expect(FAIL_CLOSED.args).not.toContain(undefined);
    expect(FAIL_CLOSED.args).not.toContain(null);
  });
});

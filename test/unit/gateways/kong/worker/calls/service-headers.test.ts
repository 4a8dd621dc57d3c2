// The service's headers, put together from what the gateway answers to other calls.
import { describe, expect, it } from "vitest";
import { RecordedHost } from "../recorded-host.js";

async function headersOf(
  standing: Record<string, unknown[]>,
  sent: Record<string, unknown>,
  args: readonly unknown[] = [],
): Promise<unknown> {
  let outcome: unknown;
  const recorded = RecordedHost.running(
    async (kong) => {
      outcome = await kong.service.response.getHeaders(...args).catch((error: unknown) => error);
    },
    "buffer",
    "response",
  );
  await recorded.play([standing, ...Object.keys(standing).map((name) => sent[name])], "response");
  return outcome;
}

describe("kong.service.response.getHeaders", () => {
  const standing = { "content-type": ["text/plain"], "x-multi": ["a", "b"], via: ["kong"], "x-changed": ["plugin"] };
  const sent = { "content-type": "text/plain", "x-multi": "a", "x-changed": "service" };

  it("has what the service sent, and not what the gateway added", async () => {
    expect(await headersOf(standing, sent)).toEqual({
      "content-type": ["text/plain"],
      "x-multi": ["a", "b"],
      "x-changed": ["service"],
    });
  });

  it("stops at a limit", async () => {
    expect(await headersOf(standing, sent, [2])).toEqual({ "content-type": ["text/plain"], "x-multi": ["a"] });
    expect(await headersOf(standing, sent, [0])).toMatchObject({ code: "PDK_BAD_ARGUMENT" });
  });

  it("is empty when the service was not asked", async () => {
    expect(await headersOf(standing, {})).toEqual({});
  });

  it("knows bytes again, and has no prototype to mistake for a header", async () => {
    const bytes = Buffer.from([0xe9]);
    const headers = await headersOf({ "x-bin": [bytes, bytes] }, { "x-bin": bytes });
    expect(headers).toEqual({ "x-bin": [bytes, bytes] });
    expect(Object.getPrototypeOf(headers)).toBeNull();
  });
});

import { describe, expect, it } from "vitest";
import { PDK_ERROR_CODES, PdkError, isPdkError } from "../../../../../src/gateways/kong/pdk/index.js";

describe("PdkError", () => {
  it("has exactly the codes that plugins may match on", () => {
    expect(PDK_ERROR_CODES).toEqual([
      "PDK_CALL_FAILED",
      "PDK_WRONG_PHASE",
      "PDK_BAD_ARGUMENT",
      "PDK_BAD_BODY",
      "PDK_BODY_TOO_LARGE",
      "PDK_NOT_CARRIED",
      "PDK_EVENT_ENDED",
      "PDK_EVENT_CANCELLED",
    ]);
  });

  it.each(PDK_ERROR_CODES)("%s names the method in a whole sentence", (code) => {
    const error = new PdkError(code, { method: "kong.request.get_header", reason: "deadline of 5 s" });
    expect(error).toMatchObject({ name: "PdkError", code, method: "kong.request.get_header" });
    expect(error.message).toMatch(/^kong\.request\.get_header /);
    expect(error.message).not.toContain("undefined");
    expect(String(error)).toBe(`PdkError: ${error.message}`);
  });

  it("passes on what the gateway said", () => {
    expect(new PdkError("PDK_CALL_FAILED", { method: "kong.vault.get", reason: "no such vault" }).message).toBe(
      "kong.vault.get failed in the gateway: no such vault",
    );
  });

  it("does without details, and keeps the cause", () => {
    const cause = new Error("socket");
    const error = new PdkError("PDK_EVENT_CANCELLED", { cause });
    expect(error.cause).toBe(cause);
    expect(error.message).not.toContain("undefined");
    expect("method" in error).toBe(false);
    expect("cause" in new PdkError("PDK_EVENT_ENDED")).toBe(false);
  });
});

describe("isPdkError", () => {
  it("recognises its own", () => {
    expect(isPdkError(new PdkError("PDK_EVENT_ENDED"))).toBe(true);
  });

  it("recognises another copy's", () => {
    const foreign = Object.assign(new Error("x"), { name: "PdkError", code: "PDK_EVENT_ENDED" });
    expect(isPdkError(foreign)).toBe(true);
  });

  it.each([
    undefined,
    null,
    "PDK_EVENT_ENDED",
    new Error("x"),
    { name: "PdkError", code: "PDK_EVENT_ENDED" },
    Object.assign(new Error("x"), { code: "PDK_EVENT_ENDED" }),
    Object.assign(new Error("x"), { name: "PdkError", code: "toString" }),
    Object.assign(new Error("x"), { name: "PdkError", code: 7 }),
  ])("turns %s away", (value) => {
    expect(isPdkError(value)).toBe(false);
  });
});

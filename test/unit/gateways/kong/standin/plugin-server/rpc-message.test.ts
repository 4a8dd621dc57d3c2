import { describe, expect, it } from "vitest";

import { ByteText } from "../../../../../../src/gateways/kong/pdk-functions/index.js";
import { decodeServerMessage, encodeRequest } from "../../../../../../src/gateways/kong/standin/plugin-server/rpc-message.js";

describe("encodeRequest", () => {
  it("writes the bytes Kong writes", () => {
    const bytes = encodeRequest(339, "plugin.HandleEvent", { InstanceId: 21, EventName: "access" });
    expect(bytes.toString("hex")).toBe(
      "9400cd0153b2706c7567696e2e48616e646c654576656e749182" + "aa496e7374616e6365496415" + "a94576656e744e616d65a6616363657373",
    );
  });

  it("uses no str8, as Kong does not know it", () => {
    expect(encodeRequest(1, "m", "x".repeat(36)).subarray(6, 9).toString("hex")).toBe("da0024");
  });

  it("sends text that is not UTF-8 as a str of exactly these bytes", () => {
    const text = new ByteText(Buffer.of(0xff, 0xfe));
    const hex = encodeRequest(1, "plugin.Step", { EventId: 2, Data: { "x-bin": [text] } }).toString("hex");
    expect(hex).toContain("a2fffe");
    expect(encodeRequest(1, "plugin.Step", { EventId: 2, Data: text }).toString("hex")).toMatch(/a444617461a2fffe$/);
  });

  it("sends a body as bin", () => {
    const hex = encodeRequest(1, "plugin.Step", { EventId: 2, Data: Buffer.from("body") }).toString("hex");
    expect(hex).toMatch(/82a74576656e74496402a444617461c404626f6479$/);
  });

  it("keeps integer keys of maps and leaves out what is undefined", () => {
    const hex = encodeRequest(1, "m", { a: undefined, map: new Map([[0, "x"]]) }).toString("hex");
    expect(hex).toMatch(/9181a36d61708100a178$/);
  });
});

describe("decodeMessage", () => {
  it("reads notifications and responses", () => {
    expect(decodeServerMessage(Buffer.from("9302a973657276657250696405", "hex"))).toEqual({
      kind: "notification",
      name: "serverPid",
      argument: 5,
    });
    expect(decodeServerMessage(Buffer.from("940107c0a26f6b", "hex"))).toEqual({
      kind: "response",
      id: 7,
      error: undefined,
      result: "ok",
    });
  });

  it.each([
    ["a request", "940001a16d90"],
    ["no array", "a16d"],
  ])("refuses %s", (_name, hex) => {
    expect(() => decodeServerMessage(Buffer.from(hex, "hex"))).toThrow(expect.objectContaining({ code: "GATEWAY_BAD_REPLY" }));
  });
});

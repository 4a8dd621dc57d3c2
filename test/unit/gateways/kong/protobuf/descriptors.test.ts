// The generated descriptors are what the .proto file says.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { PDK_METHODS } from "../../../../../src/gateways/kong/pdk/index.js";
import { encodePdkCall } from "../../../../../src/gateways/kong/protobuf/index.js";
import { PDK_SERVICE } from "../../../../../src/gateways/kong/protobuf/plugin-socket.js";

it("are up to date", () => {
  const script = fileURLToPath(new URL("../../../../../scripts/compile-proto.mjs", import.meta.url));
  expect(() => execFileSync(process.execPath, [script, "--check"], { stdio: "pipe" })).not.toThrow();
});

it("name functions that the PDK has", () => {
  const known = new Set<string>(PDK_METHODS.map(({ method }) => method));
  expect(Object.keys(PDK_SERVICE).filter((method) => !known.has(method))).toEqual([]);
});

it.each(PDK_METHODS.map(({ method }) => method).filter((method) => !Object.hasOwn(PDK_SERVICE, method)))(
  "%s is refused before anything is sent",
  (method) => {
    expect(() => encodePdkCall(method, [])).toThrow(expect.objectContaining({ code: "PDK_NOT_CARRIED", method }));
  },
);

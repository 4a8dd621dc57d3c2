// What tells the errors of this package from all others: a brand, which holds over copies of the package, and not a code.
import { expect, it } from "vitest";
import { isOwnError, saysAllInOneLine, UsageError } from "../../../../src/core/model/index.js";
import { PdkError } from "../../../../src/gateways/kong/pdk/index.js";

const copy = (await import(new URL("../../../../dist/core/model/index.js", import.meta.url).href)) as {
  readonly UsageError: typeof UsageError;
};
const copiedPdk = (await import(new URL("../../../../dist/gateways/kong/pdk/index.js", import.meta.url).href)) as {
  readonly PdkError: typeof PdkError;
};

const ofNode = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" });

it("takes errors of this package and of its copies for its own, and no others", () => {
  const own = [
    new UsageError("x"),
    new copy.UsageError("x"),
    new PdkError("PDK_CALL_FAILED"),
    new copiedPdk.PdkError("PDK_CALL_FAILED"),
  ];
  expect(own.map(isOwnError)).toEqual([true, true, true, true]);
  const others = [
    ofNode,
    new TypeError("x"),
    Object.assign(new Error("x"), { code: "CLI_USAGE" }),
    { code: "CLI_USAGE" },
    undefined,
  ];
  expect(others.map(isOwnError)).toEqual([false, false, false, false, false]);
});

it("keeps code, message, name and cause", () => {
  const error = new UsageError("no flag -x", { cause: ofNode });
  expect(error).toMatchObject({ name: "UsageError", code: "CLI_USAGE", message: "no flag -x", cause: ofNode });
  expect(Object.keys(error).sort()).toEqual(["code", "name"]);
});

it("needs no stack of an error of ours or of the operating system, and of any other", () => {
  const broken = Object.assign(new TypeError("x"), { code: "ERR_INVALID_ARG_TYPE" });
  expect([new UsageError("x"), ofNode, broken, "x"].map(saysAllInOneLine)).toEqual([true, true, false, false]);
});

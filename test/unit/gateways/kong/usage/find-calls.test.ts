// What a plugin's code calls, found by reading it.
import { describe, expect, it } from "vitest";
import { CallFinder } from "../../../../../src/gateways/kong/usage/index.js";

const METHODS = [
  "kong.request.get_raw_path",
  "kong.client.get_credential",
  "kong.service.request.set_body",
  "kong.ctx.shared.set",
];
const finder = new CallFinder(METHODS);
const found = (code: string): string[] => finder.find(code).map(({ method }) => method.replace("kong.", ""));

describe("is found", () => {
  it.each([
    ["await kong.request.getRawPath()", "request.get_raw_path"],
    ["await kong.request.get_raw_path()", "request.get_raw_path"],
    ["k.request . getRawPath ( )", "request.get_raw_path"],
    ["kong?.request?.getRawPath?.()", "request.get_raw_path"],
    ['kong.request["getRawPath"]()', "request.get_raw_path"],
    ["kong.request?.['get_raw_path']()", "request.get_raw_path"],
    ["const { getRawPath } = kong.request;", "request.get_raw_path"],
    ["const { getHeader, getRawPath: path } = kong.request;", "request.get_raw_path"],
    ["const { request } = kong; request.getRawPath()", "request.get_raw_path"],
    ["const { request: r } = kong; r.getRawPath()", "request.get_raw_path"],
    ["var req = kong.request;\nreq.getRawPath()", "request.get_raw_path"],
    ["this.$r = kong.request; this.$r.getRawPath()", "request.get_raw_path"],
    ["let s; s = this.kong.service.request; s.setBody({})", "service.request.set_body"],
    ["kong.service.request.setBody({})", "service.request.set_body"],
    ["kong.ctx.shared.set('a', 1)", "ctx.shared.set"],
    ["const shared = kong.ctx.shared; shared.set('a', 1)", "ctx.shared.set"],
    ["const c = kong.ctx; c.shared.set('a', 1)", "ctx.shared.set"],
  ])("%s", (code, method) => expect(found(code)).toEqual([method]));

  it("at each place, in the order of the code", () => {
    const code = "kong.client.getCredential(); kong.request.getRawPath(); kong.client.getCredential();";
    expect(finder.find(code).map(({ at }) => code.slice(at, at + 13))).toEqual([
      "client.getCre",
      "request.getRa",
      "client.getCre",
    ]);
  });
});

describe("is not found", () => {
  it.each([
    "kong.request.getRawPathOf()",
    "kong.request.getPath()",
    "kong.myrequest.getRawPath()",
    "getRawPath()",
    "const map = new Map(); map.set('a', 1)",
    "const shared = kong.ctx.shared.get('x'); shared.set(1)",
    "kong.request.setBody({})",
  ])("%s", (code) => expect(found(code)).toEqual([]));
});

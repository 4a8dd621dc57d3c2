// Names of hooks in API definitions: each means one function, or the call fails.
import { describe, expect, it } from "vitest";
import { ambiguousNames, resolveEvent, resolveHook } from "../../../../../src/gateways/tyk/dispatcher/index.js";

const owners = [
  { plugin: "hello", functions: ["pre/pre", "post/addFooBar", "post/endpoints", "events/AuthFailure"] },
  { plugin: "auth", functions: ["authCheck/MyPluginAuthCheck", "pre/addFooBar", "pre/checkAge"] },
  { plugin: "other", functions: ["pre/checkAge", "pre/pre", "response/MyResponsePlugin", "events/AuthFailure"] },
];
const reason = (kind: "pre" | "authCheck" | "post" | "response", name: string): unknown => {
  const resolved = resolveHook(owners, kind, name);
  return resolved.found ? resolved : resolved.reason;
};

describe("resolveHook", () => {
  it.each([
    ["pre", "hello", "hello", "pre/pre"],
    ["pre", "hello:pre", "hello", "pre/pre"],
    ["pre", "auth:addFooBar", "auth", "pre/addFooBar"],
    ["post", "hello:endpoints", "hello", "post/endpoints"],
    ["authCheck", "auth", "auth", "authCheck/MyPluginAuthCheck"],
    ["authCheck", "MyPluginAuthCheck", "auth", "authCheck/MyPluginAuthCheck"],
    ["response", "MyResponsePlugin", "other", "response/MyResponsePlugin"],
  ] as const)("%s hook %s is the function of plugin %s", (kind, name, plugin, functionName) => {
    expect(resolveHook(owners, kind, name)).toEqual({ found: true, plugin, functionName });
  });

  it("takes a function's name for the kind that is called", () => {
    expect(resolveHook(owners, "pre", "addFooBar")).toMatchObject({ plugin: "auth" });
    expect(resolveHook(owners, "post", "addFooBar")).toMatchObject({ plugin: "hello" });
  });

  it("refuses names that mean two functions, and says what to write", () => {
    expect(reason("pre", "checkAge")).toBe(
      '"checkAge" means more than one pre function: write "auth:checkAge" or "other:checkAge" in the API definition',
    );
    expect(reason("post", "hello")).toBe(
      '"hello" means more than one post function: write "hello:addFooBar" or "hello:endpoints" in the API definition',
    );
  });

  it("refuses names that mean nothing, and says what there is", () => {
    expect(reason("pre", "nobody")).toBe('there is no plugin and no pre function "nobody"; there is "hello", "auth", "other"');
    expect(reason("pre", "nobody:x")).toBe('there is no plugin "nobody"; there is "hello", "auth", "other"');
    expect(reason("pre", "auth:x")).toBe('plugin "auth" has no pre function "x"; there is "addFooBar", "checkAge"');
    expect(reason("authCheck", "hello")).toBe('plugin "hello" has no authCheck function');
  });

  it("refuses a function of another hook", () => {
    expect(reason("post", "auth:checkAge")).toBe('"checkAge" of plugin "auth" is a function of pre, and was called as post');
    expect(reason("post", "MyResponsePlugin")).toBe(
      '"MyResponsePlugin" of plugin "other" is a function of response, and was called as post',
    );
  });

  it("does not take the kind of a hook for a function's name", () => {
    expect(resolveHook(owners.slice(0, 1), "pre", "pre").found).toBe(false);
    expect(resolveHook(owners.slice(0, 1), "post", "endpoints").found).toBe(false);
  });
});

describe("resolveEvent", () => {
  it("takes the plugin's function for the event", () => {
    const expected = { found: true, plugin: "hello", functionName: "events/AuthFailure" };
    expect(resolveEvent(owners, "hello", "AuthFailure")).toEqual(expected);
    expect(resolveEvent(owners, "hello:AuthFailure", "AuthFailure")).toEqual(expected);
    expect(resolveEvent(owners, "hello", "KeyExpired").found).toBe(false);
    expect(resolveEvent(owners, "AuthFailure", "AuthFailure").found).toBe(false);
  });
});

describe("ambiguousNames", () => {
  it("lists bare names of two plugins, by kind", () => {
    expect(ambiguousNames(owners)).toEqual(new Map([["checkAge", ["auth:checkAge", "other:checkAge"]]]));
  });
});

// Early replies: respond() as the author says, deny() as the gateway's page, and what neither can say.
import { describe, expect, it } from "vitest";
import { defineTykPlugin, type Respond, type Deny } from "../../../../../src/gateways/tyk/api/index.js";
import { HookHost, refusal, replied, runRequest } from "./hook-host.js";

const respond = async (...args: Parameters<Respond>) =>
  (await replied({ pre: (_request, context) => context.respond(...args) })).return_overrides;
const deny = async (...args: Parameters<Deny>) =>
  (await replied({ pre: (_request, context) => context.deny(...args) })).return_overrides;
const refusedResponse = (...args: unknown[]): Promise<string> =>
  refusal({ pre: (_request, context) => context.respond(...(args as Parameters<Respond>)) });
const refusedDenial = (...args: unknown[]): Promise<string> =>
  refusal({ pre: (_request, context) => context.deny(...(args as Parameters<Deny>)) });

describe("respond()", () => {
  it.each([
    ["an object as JSON, with its type", { ok: true }, '{"ok":true}', "application/json"],
    ["null as JSON", null, "null", "application/json"],
    ["text as it is", "short", "short", "text/plain; charset=utf-8"],
    ["bytes of text as they are", Buffer.from("\u00e4"), "\u00e4", "text/plain; charset=utf-8"],
  ])("answers with %s", async (_what, body, text, type) => {
    expect(await respond(200, body)).toEqual({
      response_code: 200,
      response_error: "",
      headers: new Map([["Content-Type", type]]),
      override_error: true,
      response_body: text,
    });
  });

  it("overrides the error page from 400 on, and has no body where none is given", async () => {
    expect(await respond(403)).toEqual({
      response_code: 403,
      response_error: "",
      headers: new Map(),
      override_error: true,
      response_body: "",
    });
  });

  it("takes headers as an object, as pairs and as Headers; a type of its own stays", async () => {
    expect((await respond(200, "x", { "content-type": "text/html", "x-n": 1 }))?.headers).toEqual(
      new Map([
        ["Content-Type", "text/html"],
        ["X-N", "1"],
      ]),
    );
    expect((await respond(302, undefined, [["location", "/x"]]))?.headers).toEqual(new Map([["Location", "/x"]]));
    expect((await respond(200, undefined, new Headers({ "Set-Cookie": "a=1" })))?.headers.get("Set-Cookie")).toBe("a=1");
  });

  it.each([
    ["bytes that are no text", [200, Buffer.from([0xff])], /TYK_NOT_CARRIED: respond\(\).*not UTF-8/],
    ["two values of a header", [200, "", { "Set-Cookie": ["a=1", "b=2"] }], /TYK_NOT_CARRIED.*one value for each name/],
    ["a header twice", [200, "", { "Set-Cookie": "a=1", "set-cookie": "b=2" }], /TYK_NOT_CARRIED.*given twice/],
    ["Content-Length", [200, "", { "Content-Length": 5 }], /TYK_NOT_CARRIED.*follows from the body/],
    ["a status of no end", [101], /TYK_BAD_ARGUMENT.*from 200 to 599, not 101/],
    ["a status that makes the gateway drop the client", [42], /from 200 to 599, not 42/],
    ["a status that is text", ["200"], /from 200 to 599, not "200"/],
    ["a body that there cannot be", [204, "x"], /204 has no body/],
    ["a map", [200, new Map()], /Map has no JSON/],
    ["a number beyond JSON", [200, { a: 1n }], /TYK_BAD_ARGUMENT.*has no JSON/],
    ["a line break in a header", [200, "", { a: "x\ny" }], /TYK_BAD_ARGUMENT/],
    ["half a surrogate pair", [200, "\ud800"], /no UTF-8/],
  ])("refuses %s", async (_what, args, expected) => {
    expect(await refusedResponse(...args)).toMatch(expected);
  });
});

describe("deny()", () => {
  it("leaves the page to the gateway", async () => {
    const page = { response_code: 403, response_error: "", headers: new Map(), override_error: false, response_body: "" };
    expect(await deny()).toEqual(page);
    expect(await deny(401, "who?", { "WWW-Authenticate": "Basic" })).toEqual({
      ...page,
      response_code: 401,
      response_error: "who?",
      headers: new Map([["Www-Authenticate", "Basic"]]),
    });
  });

  it("writes the text so that the gateway's page can be read, in JSON and in XML", async () => {
    const textFor = async (type: string): Promise<string | undefined> => {
      const headers = new Map([["Content-Type", type]]);
      const hook = { pre: (_request: unknown, context: { readonly deny: Deny }) => context.deny(403, 'don\'t <b> & "go"') };
      return (await replied(hook, { headers })).return_overrides?.response_error;
    };
    expect(await textFor("application/json")).toBe('don\u2019t <b> & "go"');
    expect(await textFor("text/xml; charset=utf-8")).toBe('don\u2019t &lt;b&gt; &amp; "go"');
    expect(await textFor("application/soap+xml")).toBe('don\u2019t &lt;b&gt; &amp; "go"');
  });

  it.each([
    ["a status that is no error", [200, "x"], /TYK_BAD_ARGUMENT: deny\(\).*from 400 on, not 200: see respond/],
    ["an object", [403, { error: "x" }], /the message is text, not an object/],
    ["a content type", [403, "x", { "content-type": "text/html" }], /TYK_NOT_CARRIED.*its own Content-Type/],
  ])("refuses %s", async (_what, args, expected) => {
    expect(await refusedDenial(...args)).toMatch(expected);
  });
});

describe("what a hook returns", () => {
  it("must be the reply that it made", async () => {
    expect(await refusal({ pre: (_request, context) => void context.deny(403) })).toMatch(
      /TYK_BAD_RESULT: the pre\/pre hook.*did not return what it gave: write "return"/,
    );
  });

  it.each([
    ["an object", { status: 200 }, /it returned an object: return nothing to go on, or what respond\(\), deny\(\) gives/],
    ["true", true, /it returned true/],
    ["null", null, /it returned null/],
  ])("is refused where it is %s", async (_what, value, expected) => {
    expect(await refusal({ pre: () => value as never })).toMatch(expected);
  });

  it("ends the request in a promise too, with what it has changed", async () => {
    const request = await replied({
      async pre(all, { respond: answer }) {
        await Promise.resolve();
        all.headers.set("X-A", "1");
        return answer(418, "teapot");
      },
    });
    expect([request.return_overrides?.response_code, request.set_headers.get("X-A")]).toEqual([418, "1"]);
  });
});

describe("a hook that fails", () => {
  it.each([
    [
      "throws",
      () => {
        throw new TypeError("broken");
      },
    ],
    ["rejects", () => Promise.reject(new TypeError("broken"))],
  ])("fails its call where it %s: never half a reply", async (_what, pre) => {
    const { reply, error } = await runRequest({ pre });
    expect([reply, error?.name, error?.message]).toEqual([undefined, "TypeError", "broken"]);
  });

  it("fails the call for a message that is none, and for a function that is not there", async () => {
    const host = new HookHost({ pre() {} });
    expect((await host.run("pre", { payload: Buffer.from([0xff]) })).error?.code).toBe("COPROCESS_MALFORMED");
    expect((await host.run("pre/other")).error?.message).toBe("plugin hello has no function pre/other");
  });
});

it("a plugin is what defineTykPlugin() gives: frozen", () => {
  expect(Object.isFrozen(defineTykPlugin({ pre() {} }))).toBe(true);
});

// What hooks may change of a request, and what the reply to the gateway says of it. What it would drop is refused.
import { describe, expect, it } from "vitest";
import { refusal, replied, type requestInput, runRequest } from "./hook-host.js";

describe("a hook that changes nothing", () => {
  it("answers with everything that the gateway needs, and no more", async () => {
    const { reply, bytes } = await runRequest({ pre() {} }, { method: "POST", text: "hello" });
    expect(reply?.request).toMatchObject({ url: "/t/x?b=1&b=2", method: "POST", raw_body: Buffer.from("hello"), body: "" });
    expect(reply?.request?.return_overrides).toMatchObject({ response_code: 0, headers: new Map() });
    expect([reply?.request?.headers.size, reply?.request?.params.size, reply?.spec.size, reply?.session]).toEqual([
      0,
      0,
      0,
      undefined,
    ]);
    expect(bytes?.length).toBeLessThan(40);
  });

  it("gives back bytes that are no text as they came", async () => {
    const binary = Buffer.from([0, 0xff, 0xfe, 0x80]);
    expect((await replied({ pre() {} }, { raw_body: binary })).raw_body).toEqual(binary);
  });

  it("may be asynchronous, and may return the request", async () => {
    expect((await replied({ pre: (request) => Promise.resolve(request) as never })).url).toBe("/t/x?b=1&b=2");
  });
});

describe("headers of a request", () => {
  const headers = new Map([
    ["Host", "example.com"],
    ["X-Multi", "one"],
  ]);

  it("are found in any case, and spelled as the gateway spells them", async () => {
    const seen: unknown[] = [];
    await replied(
      {
        pre({ headers: all, host }) {
          seen.push(all.get("x-MULTI"), all.has("host"), all.get("no"), all.get("not a name"), host, [...all]);
        },
      },
      { headers },
    );
    expect(seen).toEqual(["one", true, undefined, undefined, "example.com", [...headers]]);
  });

  it("are set and deleted in the reply's edits", async () => {
    const request = await replied(
      {
        pre({ headers: all }) {
          all.set("foo", "Bar");
          all.append("x-count", 3);
          all.delete("x-multi");
          all.set("gone", "1");
          all.delete("gone");
          expect([all.get("FOO"), all.get("x-multi")]).toEqual(["Bar", undefined]);
        },
      },
      { headers },
    );
    expect(request.set_headers).toEqual(
      new Map([
        ["Foo", "Bar"],
        ["X-Count", "3"],
      ]),
    );
    expect(request.delete_headers).toEqual(["X-Multi", "Gone"]);
  });

  it("named as members of objects are ordinary ones", async () => {
    const request = await replied({ pre: ({ headers: all }) => all.set("__proto__", "x") });
    expect(request.set_headers).toEqual(new Map([["__proto__", "x"]]));
  });

  it.each([
    [
      "set Host",
      (all: Headers) => all.set("host", "evil.example"),
      /TYK_NOT_CARRIED: request.headers.set\("host"\).*API's target/,
    ],
    ["delete Host", (all: Headers) => all.delete("Host"), /TYK_NOT_CARRIED.*API's target/],
    ["set Content-Length", (all: Headers) => all.set("content-length", "3"), /TYK_NOT_CARRIED.*follows from the body/],
    ["set Connection", (all: Headers) => all.set("Connection", "close"), /TYK_NOT_CARRIED.*belongs to the connection/],
    ["append to one that is there", (all: Headers) => all.append("User-agent", "x"), /TYK_NOT_CARRIED.*one value.*use set/],
    ["a name with a space", (all: Headers) => all.set("a b", "x"), /TYK_BAD_ARGUMENT.*no name of a header/],
    ["a line break", (all: Headers) => all.set("a", "x\r\nb: c"), /TYK_BAD_ARGUMENT.*characters that no header/],
    ["half a surrogate pair", (all: Headers) => all.set("a", "\ud800"), /TYK_BAD_ARGUMENT/],
    ["a list", (all: Headers) => all.set("a", ["x", "y"] as never), /TYK_BAD_ARGUMENT.*text or a number, not a list/],
  ] as const)("cannot be changed so: %s", async (_what, change, expected) => {
    expect(await refusal({ pre: ({ headers: all }) => change(all) })).toMatch(expected);
  });
});

type Headers = Parameters<
  NonNullable<Extract<Parameters<typeof runRequest>[0]["pre"], (...args: never) => unknown>>
>[0]["headers"];

describe("the query of a request", () => {
  const url = "/t/x?a=1&a=2&b=1&c=3";

  it("has every value, from the URL and not from the gateway's first ones", async () => {
    const seen: unknown[] = [];
    await replied(
      {
        pre({ query }) {
          seen.push(query.getAll("a"), query.get("c"), query.get("no"), query.has("b"), [...query].length, query.toString());
        },
      },
      { url, params: new Map([["a", "1"]]) },
    );
    expect(seen).toEqual([["1", "2"], "3", undefined, true, 4, "a=1&a=2&b=1&c=3"]);
  });

  it("is changed by names, and in the URL: after a URL rewrite that one counts, and else the changes", async () => {
    const request = await replied(
      {
        pre(all) {
          all.query.set("a", "new");
          all.query.delete("b");
          all.query.append("d", 4);
          expect(all.url).toBe("/t/x?a=new&c=3&d=4");
        },
      },
      { url },
    );
    expect([...request.add_params]).toEqual([
      ["a", "new"],
      ["d", "4"],
    ]);
    expect(request.delete_params).toEqual(["b"]);
    expect(request.url).toBe("/t/x?a=new&c=3&d=4");
  });

  it("cannot have a second value", async () => {
    const several = /TYK_NOT_CARRIED.*one value for each name/;
    expect(await refusal({ pre: ({ query }) => query.append("b", "3") })).toMatch(several);
    expect(await refusal({ pre: ({ query }) => query.set("b", ["1", "2"] as never) })).toMatch(several);
    expect(await refusal({ pre: (all) => void (all.url = "/t/x?z=1&z=2") })).toMatch(several);
  });

  it("can be replaced with the URL, values that stay included", async () => {
    const request = await replied({ pre: (all) => void (all.url = "/t/other?a=1&a=2&z=9") }, { url });
    expect(request.url).toBe("/t/other?a=1&a=2&z=9");
    expect([...request.add_params]).toEqual([["z", "9"]]);
    expect(request.delete_params).toEqual(["b", "c"]);
  });
});

describe("path, URL and method of a request", () => {
  it("can be set", async () => {
    const request = await replied({
      pre(all) {
        all.path = "/other/caf\u00e9 x";
        all.method = "PUT";
        expect([all.path, all.method, all.requestUri, all.scheme]).toEqual([
          "/other/caf%C3%A9%20x",
          "PUT",
          "/t/x?b=1&b=2",
          "http",
        ]);
      },
    });
    expect([request.url, request.method]).toEqual(["/other/caf%C3%A9%20x?b=1&b=2", "PUT"]);
  });

  it.each([
    ["no slash", "other", /TYK_BAD_ARGUMENT: request.path.*begins with "\/"/],
    ["a query", "/x?a=1", /TYK_BAD_ARGUMENT.*request.query/],
    ["a percent sign alone", "/50%", /TYK_BAD_ARGUMENT.*encodes nothing/],
  ])("cannot be set to %s", async (_what, path, expected) => {
    expect(await refusal({ pre: (all) => void (all.path = path) })).toMatch(expected);
  });

  it.each([
    ["http://rewritten.example:8080/a/b?q=1", "/a/b", "http://rewritten.example:8080/c?q=1"],
    ["http://rewritten.example?q=1", "/", "http://rewritten.example/c?q=1"],
    ["tyk://self/a", "/a", "tyk://self/c"],
  ])("after a rewrite to %s keep its scheme and host", async (target, path, changed) => {
    const seen: string[] = [];
    const request = await replied(
      {
        pre(all) {
          seen.push(all.path, all.url);
          all.path = "/c";
        },
      },
      { url: target },
    );
    expect(seen).toEqual([path, target.includes("?") ? `${path}?q=1` : path]);
    expect(request.url).toBe(changed);
  });

  it("cannot be set to another host or to no method: the gateway would ignore it", async () => {
    expect(await refusal({ pre: (all) => void (all.url = "http://elsewhere/t/x") })).toMatch(/TYK_NOT_CARRIED.*API's target/);
    expect(await refusal({ pre: (all) => void (all.method = "") })).toMatch(/TYK_BAD_ARGUMENT: request.method/);
  });
});

describe("the body of a request", () => {
  it("is read as bytes, text, JSON and form", async () => {
    const seen: unknown[] = [];
    const json = '{"a":[1]}';
    await replied({ pre: (all) => void seen.push(all.body.length, all.text(), all.json()) }, { text: json });
    const form = new Map([["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"]]);
    await replied({ pre: (all) => void seen.push(all.form().getAll("a")) }, { text: "a=1&a=+2", headers: form });
    expect(seen).toEqual([9, json, { a: [1] }, ["1", " 2"]]);
  });

  it("is read from the bytes where the gateway sends no text", async () => {
    const seen: unknown[] = [];
    await replied({ pre: (all) => void seen.push(all.text()) }, { body: "", raw_body: Buffer.from("raw") });
    expect(seen).toEqual(["raw"]);
  });

  it.each([
    ["text", "t\u00e4xt", "t\u00e4xt"],
    ["bytes", new Uint8Array([104, 105]), "hi"],
    ["a form", new URLSearchParams({ a: "1 2" }), "a=1+2"],
    ["an object", { a: 1 }, '{"a":1}'],
    ["nothing", undefined, ""],
  ])("can be set to %s", async (_what, value, expected) => {
    const request = await replied({ pre: (all) => void (all.body = value) }, { text: "before" });
    expect(request.raw_body.toString()).toBe(expected);
  });

  it("changes in place", async () => {
    const request = await replied({ pre: (all) => void all.body.fill("x") }, { text: "before" });
    expect(request.raw_body.toString()).toBe("xxxxxx");
  });

  it("takes its headers along: the length, the encoding that is gone, and the type of JSON", async () => {
    const headers = new Map([
      ["Content-Length", "6"],
      ["Content-Encoding", "gzip"],
    ]);
    const request = await replied({ pre: (all) => void (all.body = { a: 1 }) }, { text: "before", headers });
    expect(Object.fromEntries(request.set_headers)).toEqual({ "Content-Type": "application/json", "Content-Length": "7" });
    expect(request.delete_headers).toEqual(["Content-Encoding"]);
    const other = await replied({ pre: (all) => void (all.body = "x") });
    expect([other.set_headers.size, other.delete_headers]).toEqual([0, []]);
  });

  it.each([
    ["a number", 5, /a body is text, bytes or an object, not 5/],
    ["an ArrayBuffer", new ArrayBuffer(2), /ArrayBuffer has no JSON/],
    ["a promise", Promise.resolve("x"), /Promise has no JSON/],
    ["a map", new Map([["a", 1]]), /Map has no JSON/],
    ["half a surrogate pair", "\udfff", /has no UTF-8/],
  ])("cannot be set to %s", async (_what, value, expected) => {
    expect(await refusal({ pre: (all) => void (all.body = value as string) })).toMatch(expected);
  });

  it("is no text, JSON or form where it is not", async () => {
    const broken = { raw_body: Buffer.from([0xff, 0x61]) };
    expect(await refusal({ pre: (all) => void all.text() }, broken)).toMatch(/TYK_BAD_BODY: request.text\(\).*not UTF-8/);
    expect(await refusal({ pre: (all) => void all.json() }, { text: "{" })).toMatch(/TYK_BAD_BODY: request.json\(\).*no JSON/);
    expect(await refusal({ pre: (all) => void all.json() })).toMatch(/it is empty/);
    expect(await refusal({ pre: (all) => void all.form() }, { text: "a=1" })).toMatch(/its content type is undefined/);
    const gzip = { text: "x", headers: new Map([["Content-Encoding", "gzip"]]) };
    expect(await refusal({ pre: (all) => void all.text() }, gzip)).toMatch(/encoded as "gzip": await decoded\(\)/);
  });
});

describe("a request after its hook", () => {
  it("cannot be changed: it would be lost", async () => {
    const kept: Parameters<typeof requestInput>[0][] = [];
    let request: { headers: { set(name: string, value: string): void }; body: unknown; path: string } | undefined;
    await replied({ pre: (all) => void ((request = all as never), kept.push({})) });
    expect(() => request?.headers.set("A", "b")).toThrow(/request.headers.set\("A"\) was called after the end of its hook/);
    expect(() => request !== undefined && (request.body = "x")).toThrow(/after the end of its hook/);
    expect(() => request !== undefined && (request.path = "/x")).toThrow(/after the end of its hook/);
  });
});

// Response hooks: what goes back is right for every release of the gateway from 5.0 on.
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { ResponseContext, TykResponse } from "../../../../../src/gateways/tyk/api/index.js";
import type { ResponseInput } from "../../../../../src/gateways/tyk/messages/index.js";
import { HookHost, requestInput, responseInput } from "./hook-host.js";

type Hook = (response: TykResponse, context: ResponseContext<unknown>) => unknown;

async function run(response: Hook, input: ResponseInput = responseInput()) {
  const host = new HookHost({ response: response as never });
  const { reply, error } = await host.run("response", { object: { request: requestInput(), response: input } });
  return { host, error, request: reply?.request, response: reply?.response };
}
async function replied(hook: Hook, input?: ResponseInput) {
  const { response, error } = await run(hook, input);
  if (response === undefined) throw new Error(error?.message ?? "no response in the reply");
  return response;
}
const refused = async (hook: Hook, input?: ResponseInput): Promise<string> => {
  const { error } = await run(hook, input);
  return `${error?.code ?? "done"}: ${error?.message ?? ""}`;
};
const listOf = (headers: readonly { readonly key: string; readonly values: readonly string[] }[]) =>
  headers.map(({ key, values }) => [key, ...values]);

/** As a gateway before 5.0.4 sends it. */
const older = (): ResponseInput => ({ ...responseInput(), multivalue_headers: [] });
const UNCHANGED = responseInput();

describe("a response hook that changes nothing", () => {
  it("gives every header and the body back, and what the gateway needs of the request", async () => {
    const { request, response } = await run(() => {});
    expect(response).toEqual({ ...UNCHANGED, body: "" });
    expect([request?.url, request?.return_overrides?.response_code]).toEqual(["/t/x?b=1&b=2", 0]);
  });

  it("sees the request as the upstream got it: with its path, and the target of the client", async () => {
    const seen: unknown[] = [];
    const host = new HookHost({
      response: (_response: TykResponse, { request }: ResponseContext<unknown>) => {
        seen.push(request.path, request.url, request.query.get("b"), request.requestUri);
      },
    });
    const request = requestInput({ url: "http://127.0.0.1:9601/x?b=1", request_uri: "/t/x?b=1" });
    await host.run("response", { object: { request, response: responseInput() } });
    expect(seen).toEqual(["/x", "/x?b=1", "1", "/t/x?b=1"]);
  });

  it("gives single headers back to a gateway that sends those alone", async () => {
    const response = await replied(() => {}, older());
    expect([response.headers, response.multivalue_headers]).toEqual([UNCHANGED.headers, []]);
  });
});

describe("headers of a response", () => {
  it("are all there, in any case", async () => {
    await replied(({ headers }) => {
      expect([headers.get("set-cookie"), headers.getAll("SET-COOKIE"), headers.has("x-secret"), headers.get("no")]).toEqual([
        "a=1",
        ["a=1", "b=2"],
        true,
        undefined,
      ]);
      expect([...headers].length).toBe(4);
    });
  });

  it("are changed in the list of all values, and the single ones go back as they came", async () => {
    const response = await replied(({ headers }) => {
      headers.append("set-cookie", "c=3");
      headers.delete("X-SECRET");
      headers.set("x-new", ["1", "2"]);
      headers.set("x-one", 1);
    });
    expect(response.headers).toEqual(UNCHANGED.headers);
    expect(listOf(response.multivalue_headers)).toEqual([
      ["Content-Length", "2"],
      ["Set-Cookie", "a=1", "b=2", "c=3"],
      ["X-New", "1", "2"],
      ["X-One", "1"],
    ]);
  });

  it("keep the spelling that is there: gateways compare it letter by letter", async () => {
    const input = { ...responseInput(), multivalue_headers: [{ key: "ETag", values: ["x"] }] };
    expect(listOf((await replied(({ headers }) => headers.set("etag", "y"), input)).multivalue_headers)).toEqual([["ETag", "y"]]);
  });

  it("are changed in the single ones for a gateway that has no others", async () => {
    const response = await replied(({ headers }) => {
      headers.delete("x-secret");
      headers.set("x-new", "1");
    }, older());
    expect(Object.fromEntries(response.headers)).toEqual({ "Content-Length": "2", "Set-Cookie": "a=1", "X-New": "1" });
    expect(response.multivalue_headers).toEqual([]);
  });

  it("are written both ways where the upstream sent none", async () => {
    const none = { status_code: 200, raw_body: Buffer.from("up") };
    const response = await replied(({ headers }) => headers.set("x-new", "1"), none);
    expect([response.headers, listOf(response.multivalue_headers)]).toEqual([new Map([["X-New", "1"]]), [["X-New", "1"]]]);
    expect(await refused(({ headers }) => headers.set("x-new", ["1", "2"]), none)).toMatch(/TYK_NOT_CARRIED.*sent no header/);
  });

  it.each([
    [
      "a second value for an older gateway",
      ({ headers }: TykResponse) => headers.append("set-cookie", "c"),
      older(),
      /TYK_NOT_CARRIED.*older than 5.0.4/,
    ],
    [
      "Content-Length",
      ({ headers }: TykResponse) => headers.set("content-length", 9),
      UNCHANGED,
      /TYK_NOT_CARRIED.*follows from the body/,
    ],
    [
      "Transfer-Encoding",
      ({ headers }: TykResponse) => headers.delete("transfer-encoding"),
      UNCHANGED,
      /TYK_NOT_CARRIED.*connection/,
    ],
    ["no name", ({ headers }: TykResponse) => headers.set("", "x"), UNCHANGED, /TYK_BAD_ARGUMENT.*no name/],
    ["a line break", ({ headers }: TykResponse) => headers.set("a", "x\r"), UNCHANGED, /TYK_BAD_ARGUMENT/],
  ])("cannot be changed so: %s", async (_what, hook, input, expected) => {
    expect(await refused(hook, input)).toMatch(expected);
  });
});

describe("status and body of a response", () => {
  it("are set, with the length that older gateways leave wrong", async () => {
    const response = await replied((all) => {
      all.status = 202;
      all.body = "new body";
    });
    expect([response.status_code, response.raw_body.toString(), listOf(response.multivalue_headers)[0]]).toEqual([
      202,
      "new body",
      ["Content-Length", "8"],
    ]);
    expect((await replied((all) => void (all.body = "longer"), older())).headers.get("Content-Length")).toBe("6");
  });

  it("are JSON for an object, with its type where there is none", async () => {
    const response = await replied((all) => void (all.body = { hi: 1 }));
    expect(response.raw_body.toString()).toBe('{"hi":1}');
    expect(listOf(response.multivalue_headers)).toContainEqual(["Content-Type", "application/json"]);
  });

  it("are read as text and JSON", async () => {
    const input = { ...responseInput(), raw_body: Buffer.from('{"a":1}') };
    await replied((all) => {
      expect([all.text(), all.json(), all.status, all.body.length]).toEqual(['{"a":1}', { a: 1 }, 200, 7]);
    }, input);
  });

  it("have no body with 204 and 304", async () => {
    const response = await replied((all) => void (all.status = 204));
    expect([response.status_code, response.raw_body.length]).toEqual([204, 0]);
    expect(listOf(response.multivalue_headers).map(([name]) => name)).not.toContain("Content-Length");
    expect(await refused((all) => ((all.body = "x"), (all.status = 204)))).toMatch(/204 has no body, and one was set/);
    expect(await refused((all) => ((all.status = 304), (all.body = "x")))).toMatch(/with 304 has none/);
  });

  it.each([0, 99, 101, 600, 200.5, NaN])("refuse the status %s", async (status) => {
    expect(await refused((all) => void (all.status = status))).toMatch(/TYK_BAD_ARGUMENT: response.status/);
  });
});

describe("encoded bodies", () => {
  const encoded = (encoding: string, raw_body: Buffer): ResponseInput => ({
    ...responseInput(),
    raw_body,
    multivalue_headers: [
      { key: "Content-Encoding", values: [encoding] },
      { key: "Content-Length", values: [String(raw_body.length)] },
    ],
  });
  const text = "hello ".repeat(100);

  it.each([
    ["gzip", gzipSync(text)],
    ["X-GZIP", gzipSync(text)],
    ["deflate", deflateSync(text)],
    ["deflate", deflateRawSync(text)],
    ["br", brotliCompressSync(text)],
    ["gzip, br", brotliCompressSync(gzipSync(text))],
    ["identity", Buffer.from(text)],
  ])("are decoded: %s", async (encoding, bytes) => {
    const response = await replied(
      async (all) => {
        all.body = (await all.decoded()).toString().toUpperCase();
      },
      encoded(encoding, bytes),
    );
    expect(response.raw_body.toString()).toBe(text.toUpperCase());
    expect(listOf(response.multivalue_headers)).toEqual([["Content-Length", String(text.length)]]);
  });

  it("stay as they are where nobody touches them", async () => {
    const bytes = gzipSync(text);
    const response = await replied(
      async (all) => {
        await all.decoded();
      },
      encoded("gzip", bytes),
    );
    expect([response.raw_body, listOf(response.multivalue_headers)[0]]).toEqual([bytes, ["Content-Encoding", "gzip"]]);
  });

  it("may be set encoded, with the header after them", async () => {
    const bytes = gzipSync("x");
    const response = await replied((all) => {
      all.body = bytes;
      all.headers.set("Content-Encoding", "gzip");
    });
    expect([response.raw_body, listOf(response.multivalue_headers).at(-1)]).toEqual([bytes, ["Content-Encoding", "gzip"]]);
  });

  it("are refused as text, when too large, broken or unknown", async () => {
    const bytes = gzipSync(text);
    expect(await refused((all) => all.text(), encoded("gzip", bytes))).toMatch(
      /TYK_BAD_BODY: response.text\(\).*await decoded\(\)/,
    );
    expect(await refused((all) => all.decoded({ maxSize: 99 }), encoded("gzip", bytes))).toMatch(/TYK_BODY_TOO_LARGE.*99 bytes/);
    expect(await refused((all) => all.decoded(), encoded("gzip", Buffer.from("no")))).toMatch(/TYK_BAD_BODY.*it is not gzip/);
    expect(await refused((all) => all.decoded(), encoded("zstd", bytes))).toMatch(/TYK_BAD_BODY.*"zstd" is not undone/);
    expect(await refused((all) => all.decoded(), encoded("br,br,br,br", bytes))).toMatch(/encoded 4 times; 3 are undone/);
  });
});

describe("what a response hook cannot do", () => {
  it("is to change its request, or to end it: the gateway ignores both", async () => {
    const readOnly = /TYK_READ_ONLY: request.*it was sent to the upstream before/;
    expect(await refused((_all, { request }) => ((request as { path: string }).path = "/x"))).toMatch(readOnly);
    expect(await refused((_all, { request }) => (request.headers as unknown as Map<string, string>).set("a", "b"))).toMatch(
      readOnly,
    );
    expect(await refused((_all, { request }) => (request.query as unknown as Map<string, string>).delete("a"))).toMatch(readOnly);
    for (const name of ["respond", "deny"] as const)
      expect(await refused((_all, context) => (context as unknown as Record<"respond" | "deny", () => void>)[name]())).toMatch(
        /TYK_WRONG_HOOK.*response.status, response.headers and response.body/,
      );
  });

  it("is to return something else than its response", async () => {
    expect(await refused(() => ({ status: 200 }))).toMatch(/TYK_BAD_RESULT.*it returns nothing/);
    expect((await replied((all) => all)).status_code).toBe(200);
  });

  it("is to stream: that is said once", async () => {
    const host = new HookHost({ response() {} });
    for (let i = 0; i < 2; i += 1) await host.run("response", { object: { request: requestInput(), response: responseInput() } });
    expect(host.logs.map(({ message }) => message)).toEqual([expect.stringMatching(/response hook.*server-sent events/)]);
  });

  it("is to be called without a response", async () => {
    expect((await new HookHost({ response() {} }).run("response")).error?.message).toMatch(/without a response/);
  });
});

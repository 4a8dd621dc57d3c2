// PDK functions beyond the recorded calls, and a few of these for a clone without the recordings.

import { describe, expect, it } from "vitest";

import { type Phase } from "../../../../../src/gateways/kong/standin/index.js";
import {
  callPdk,
  createGatewayFacts,
  createGatewayRequest,
  pdkFunctions,
  RefusedCall,
  type GatewayRequest,
  type PluginLogLine,
} from "../../../../../src/gateways/kong/pdk-functions/index.js";

const lines: PluginLogLine[] = [];

async function call(request: GatewayRequest, phase: Phase, method: string, ...args: unknown[]): Promise<unknown> {
  const answer = await callPdk(
    {
      request,
      phase,
      plugin: { id: "e20bef67-3f90-494b-a10c-553a390cafa6", name: "p" },
      facts: createGatewayFacts(),
      log: (line) => lines.push(line),
    },
    `kong.${method}`,
    args,
  );
  return answer.kind === "ended" ? "ended" : answer.data;
}

function aRequest(incoming: Partial<Parameters<typeof createGatewayRequest>[0]> = {}): GatewayRequest {
  return createGatewayRequest({ method: "GET", uri: "/a?x=1", headers: [["Host", "Example.com:8000"]], ...incoming });
}

describe("every function", () => {
  it.each(Object.entries(pdkFunctions))("%s is refused outside its phases", async (method, definition) => {
    for (const [phase, letter] of Object.entries({ rewrite: "R", access: "A", response: "S", log: "L" })) {
      if (definition.phases.includes(letter)) continue;
      await expect(call(aRequest(), phase as Phase, method.replace("kong.", ""))).rejects.toBeInstanceOf(RefusedCall);
    }
  });

  it("answers nil when Kong has none of that name, not even one of Object.prototype", async () => {
    expect(await call(aRequest(), "access", "no.such_function")).toBeUndefined();
    expect(await callPdk({} as never, "constructor", [])).toEqual({ kind: "step", step: "Step", data: undefined });
  });
});

describe("kong.request", () => {
  it("trusts forwarding headers of this machine only", async () => {
    const headers: [string, string][] = [
      ["Host", "a"],
      ["X-Forwarded-Proto", "https"],
      ["X-Forwarded-Host", "b:9"],
      ["X-Real-IP", "1.2.3.4"],
    ];
    const near = aRequest({ headers });
    expect(await call(near, "access", "request.get_forwarded_scheme")).toBe("https");
    expect(await call(near, "access", "request.get_forwarded_host")).toBe("b");
    expect(await call(near, "access", "request.get_forwarded_port")).toBe(9);
    expect(await call(near, "access", "client.get_forwarded_ip")).toBe("1.2.3.4");
    const far = aRequest({ headers, client: { address: "8.8.8.8", port: 5 } });
    expect(await call(far, "access", "request.get_forwarded_scheme")).toBe("http");
    expect(await call(far, "access", "request.get_forwarded_host")).toBe("a");
    expect(await call(far, "access", "client.get_forwarded_ip")).toBe("8.8.8.8");
    expect(await call(far, "access", "client.get_forwarded_port")).toBe(5);
  });

  it("gives large bodies only on demand", async () => {
    const request = aRequest({ body: Buffer.alloc(8193) });
    await expect(call(request, "access", "request.get_raw_body")).rejects.toBeInstanceOf(RefusedCall);
    await expect(call(request, "access", "request.get_raw_body", 100)).rejects.toBeInstanceOf(RefusedCall);
    expect(await call(request, "access", "request.get_raw_body", 0)).toHaveLength(8193);
    expect(await call(request, "access", "request.get_raw_body", 9000)).toHaveLength(8193);
    expect(await call(aRequest({ body: Buffer.alloc(8192) }), "access", "request.get_raw_body")).toHaveLength(8192);
  });

  it("sees what kong.service.request changed", async () => {
    const request = aRequest();
    await call(request, "access", "service.request.set_header", "X-New", "v");
    await call(request, "access", "service.request.set_method", "PUT");
    await call(request, "access", "service.request.set_raw_query", "y=2");
    await call(request, "access", "service.request.set_raw_body", "new");
    expect(await call(request, "access", "request.get_header", "x_new")).toBe("v");
    expect(await call(request, "access", "request.get_method")).toBe("PUT");
    expect(await call(request, "access", "request.get_query_arg", "y")).toBe("2");
    expect(await call(request, "access", "request.get_raw_body")).toEqual(Buffer.from("new"));
    expect(await call(request, "access", "request.get_path_with_query")).toBe("/a?x=1");
  });
});

describe("kong.response", () => {
  it("cannot be made to smuggle headers in", async () => {
    const request = aRequest();
    await call(request, "access", "response.set_header", "X-A\r\nX-B", "v\r\nSet-Cookie: a=b");
    expect(request.response.headers).toEqual([["X-A%0D%0AX-B", "v%0D%0ASet-Cookie: a=b"]]);
  });

  it("exits with a table as JSON and with the given status, body and headers", async () => {
    const request = aRequest();
    expect(await call(request, "access", "response.exit", 401, { message: "no" }, { "WWW-Authenticate": "Key" })).toBe("ended");
    expect(request.response).toMatchObject({ status: 401, source: "exit" });
    expect(request.response.body?.toString()).toBe('{"message":"no"}');
    expect(request.response.headers).toContainEqual(["Content-Type", "application/json; charset=utf-8"]);
  });

  it.each([
    ["exit", 99],
    ["exit", "200"],
    ["exit", 200, 5],
    ["exit", 200, "", "x"],
    ["exit", 200, "", { a: [1] }],
    ["error", 399],
    ["error"],
  ])("refuses %s(%j, %j)", async (name, ...args) => {
    await expect(call(aRequest(), "access", `response.${name}`, ...args)).rejects.toBeInstanceOf(RefusedCall);
  });

  it("writes errors with the message of the status and the id of the request", async () => {
    const request = aRequest({ headers: [["Accept", "text/plain"]] });
    await call(request, "access", "response.error", 404);
    expect(request.response.body?.toString()).toBe(`Not found\nrequest_id: ${request.id}\n`);
  });
});

describe("kong.client.authenticate", () => {
  it("makes a consumer and a credential known to later calls", async () => {
    const request = aRequest();
    await call(request, "access", "client.authenticate", { id: "c" }, { id: "k" });
    expect(await call(request, "log", "client.get_consumer")).toEqual({ id: "c" });
    expect(await call(request, "log", "client.get_credential")).toEqual({ id: "k" });
  });
});

describe("kong.log", () => {
  it("puts its arguments together", async () => {
    await call(aRequest(), "access", "log.err", "a", 1.5, true, { b: "ü" });
    expect(lines.at(-1)).toMatchObject({ level: "err", message: 'a1.5true{"b":"ü"}', plugin: "p" });
  });

  it("serializes the request with the values plugins have added", async () => {
    const request = aRequest();
    await call(request, "access", "log.set_serialize_value", "my.field", "v");
    await call(request, "access", "log.set_serialize_value", "my.field", "w", { mode: "add" });
    await call(request, "access", "log.set_serialize_value", "none.such", "w", { mode: "replace" });
    await call(request, "access", "log.set_serialize_value", "client_ip", "hidden", { mode: "replace" });
    const record = JSON.parse(String(await call(request, "log", "log.serialize"))) as Record<string, unknown>;
    expect(record).toMatchObject({
      my: { field: "v" },
      client_ip: "hidden",
      request: {
        method: "GET",
        uri: "/a?x=1",
        url: "http://example.com:8000/a?x=1",
        querystring: { x: "1" },
        headers: { host: "Example.com:8000" },
      },
      response: { status: 200 },
      tries: [],
    });
    expect(record).not.toHaveProperty("none");
  });
});

describe("kong.nginx.get_var", () => {
  it.each([
    ["request_uri", "/a?x=1"],
    ["uri", "/a"],
    ["args", "x=1"],
    ["host", "example.com"],
    ["http_host", "Example.com:8000"],
    ["arg_x", "1"],
    ["request_method", "GET"],
    ["remote_addr", "127.0.0.1"],
    ["no_such", undefined],
    ["constructor", undefined],
  ])("%s", async (name, expected) => expect(await call(aRequest(), "access", "nginx.get_var", name)).toBe(expected));
});

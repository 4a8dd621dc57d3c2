// Compiled, never run: the table of PDK functions and the types of `kong` describe the same functions.
import type { Buffer } from "node:buffer";
import { expectTypeOf } from "vitest";
import type {
  Consumer,
  JsName,
  Kong,
  KongFor,
  MemoryStats,
  ParsedBody,
  PDK_METHODS,
  PDK_NOT_OFFERED,
  Phase,
  Route,
  UploadedFile,
} from "../../src/gateways/kong/pdk/index.js";

type PathsOf<Namespace, Path extends string> = {
  // A namespace may be a function as well: kong.log.
  [Key in keyof Namespace & string]: [keyof Namespace[Key]] extends [never]
    ? `${Path}.${Key}`
    : PathsOf<Namespace[Key], `${Path}.${Key}`>;
}[keyof Namespace & string];

type Table = (typeof PDK_METHODS)[number];

expectTypeOf<PathsOf<Kong, "kong">>().toEqualTypeOf<JsName<Table["method"]>>();

expectTypeOf<JsName<"kong.nginx.get_tls1_version_str">>().toEqualTypeOf<"kong.nginx.getTls1VersionStr">();
expectTypeOf<JsName<"kong.response.exit">>().toEqualTypeOf<"kong.response.exit">();

// Every phase gets a part of `kong`, and some function in it.
expectTypeOf<Kong>().toExtend<{ [P in Phase]: KongFor<P> }[Phase]>();
expectTypeOf<Kong>().toExtend<KongFor<"certificate">>();
expectTypeOf<Kong>().toExtend<KongFor<"rewrite">>();
expectTypeOf<Kong>().toExtend<KongFor<"access">>();
expectTypeOf<Kong>().toExtend<KongFor<"response">>();
expectTypeOf<Kong>().toExtend<KongFor<"preread">>();
expectTypeOf<Kong>().toExtend<KongFor<"log">>();
expectTypeOf<KongFor<"access">>().not.toExtend<Kong>();

expectTypeOf<KongFor<"access">["log"]>().toBeCallableWith("text", 1);
expectTypeOf<keyof KongFor<"response">["log"]>().not.toExtend<"serialize">();
expectTypeOf<keyof KongFor<"preread">>().toEqualTypeOf<"client" | "ctx" | "ip" | "log" | "nginx" | "node" | "plugin" | "vault">();
expectTypeOf<keyof KongFor<"log">["response"]>().toEqualTypeOf<"getStatus" | "getHeader" | "getHeaders" | "getSource">();
expectTypeOf<keyof KongFor<"log">["request"]>().toEqualTypeOf<"getHeader" | "getHeaders" | "getStartTime" | "getUriCaptures">();
expectTypeOf<keyof KongFor<"certificate">["client"]["tls"]>().toEqualTypeOf<"disableSessionReuse">();
expectTypeOf<KongFor<"access">["request"]["getHeaders"]>().toEqualTypeOf<Kong["request"]["getHeaders"]>();

export async function allowed(
  access: KongFor<"access">,
  response: KongFor<"response">,
  log: KongFor<"log">,
  rewrite: KongFor<"rewrite">,
): Promise<void> {
  expectTypeOf(await access.request.getHeaders()).toEqualTypeOf<Record<string, string[]>>();
  expectTypeOf(await access.request.getRawBody(0)).toEqualTypeOf<Buffer>();
  expectTypeOf(await access.request.getQueryArg("a")).toEqualTypeOf<string | true | undefined>();
  expectTypeOf(await access.client.getConsumer()).toEqualTypeOf<Consumer | undefined>();
  expectTypeOf(await log.router.getRoute()).toEqualTypeOf<Route | undefined>();
  expectTypeOf(await access.ctx.shared.get("k")).toBeUnknown();
  expectTypeOf(await log.log.serialize()).toBeString();
  expectTypeOf(await access.node.getMemoryStats()).toEqualTypeOf<MemoryStats>();
  expectTypeOf(await access.node.getMemoryStats("m", 1)).toEqualTypeOf<MemoryStats<string>>();
  await access.service.setTarget("127.0.0.1", 80);
  await access.response.setHeaders({ "x-many": ["a", 2, true], "x-bytes": new Uint8Array(2) });
  expectTypeOf(await response.service.response.getStatus()).toEqualTypeOf<number | undefined>();
  await rewrite.service.request.setHeader("x-one", "1");
}

// Neither awaiting nor returning what never returns gets in the way.
export function neverReturns(kong: KongFor<"access">): void {
  expectTypeOf<Awaited<ReturnType<Kong["response"]["exit"]>>>().toBeNever();
  expectTypeOf<Awaited<ReturnType<Kong["response"]["error"]>>>().toBeNever();
  return kong.response.exit(200, { ok: true }, { "x-a": ["1", "2"] });
}

// The service has not answered yet, nor is the request over.
expectTypeOf<KongFor<"access">["service"]>().not.toHaveProperty("response");
expectTypeOf<KongFor<"access">["response"]>().not.toHaveProperty("getStatus");
expectTypeOf<KongFor<"access">["log"]>().not.toHaveProperty("serialize");
// The request has gone to the service.
expectTypeOf<KongFor<"response">["service"]>().not.toHaveProperty("request");
expectTypeOf<KongFor<"response">["service"]>().not.toHaveProperty("setTarget");
// The response has gone to the client.
expectTypeOf<KongFor<"log">["response"]>().not.toHaveProperty("exit");
expectTypeOf<KongFor<"log">["request"]>().not.toHaveProperty("getRawBody");
expectTypeOf<KongFor<"log">>().not.toHaveProperty("service");
// The route is not known yet.
expectTypeOf<KongFor<"rewrite">>().not.toHaveProperty("router");
expectTypeOf<KongFor<"rewrite">["client"]>().not.toHaveProperty("getConsumer");
// A stream has no request.
expectTypeOf<KongFor<"preread">>().not.toHaveProperty("request");
// No phase of a plugin server may have or replace the body on its way to the client, and these no gateway has for it.
expectTypeOf<Kong["response"]>().not.toHaveProperty("setRawBody");
expectTypeOf<Kong["response"]>().not.toHaveProperty("getRawBody");
expectTypeOf<Kong>().not.toHaveProperty("cluster");
expectTypeOf<Kong["ctx"]>().not.toHaveProperty("plugin");
expectTypeOf<Extract<(typeof PDK_NOT_OFFERED)[number]["method"], Table["method"]>>().toBeNever();

export async function wrongArguments(kong: KongFor<"access">): Promise<void> {
  // @ts-expect-error -- the port is a number
  await kong.service.setTarget("127.0.0.1", "80");
  // @ts-expect-error -- there is no header without a name
  await kong.request.getHeader();
  // @ts-expect-error -- headers have values
  await kong.response.setHeaders({ "x-a": null });
  // @ts-expect-error -- no such unit
  await kong.node.getMemoryStats("x");
}

export async function bodies(access: KongFor<"access">, response: KongFor<"response">): Promise<void> {
  expectTypeOf(await access.request.getRawBody({ maxSize: 1 })).toEqualTypeOf<Buffer>();
  expectTypeOf(await access.request.getBody(undefined, { maxSize: 1 })).toEqualTypeOf<ParsedBody | undefined>();
  await access.service.request.setBody({ file: { filename: "a", content: new Uint8Array() } satisfies UploadedFile });
  expectTypeOf(await response.service.response.getHeaders(5)).toEqualTypeOf<Record<string, string[]>>();
  // @ts-expect-error -- a size is a number of bytes
  await access.request.getRawBody({ maxSize: "1 MB" });
  // @ts-expect-error -- no such option
  await access.request.getBody("application/json", { limit: 1 });
  // @ts-expect-error -- text is set by setRawBody
  await access.service.request.setBody("text");
}

// Nor do the body functions outlive the request.
expectTypeOf<KongFor<"log">["request"]>().not.toHaveProperty("getBody");
expectTypeOf<KongFor<"rewrite">["service"]>().not.toHaveProperty("response");

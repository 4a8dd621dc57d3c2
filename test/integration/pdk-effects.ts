// Owns what each writing function of the PDK does: the calls, and what the client, the service and the log see of them.
import { expect } from "vitest";
import type { Answer, Question } from "../unit/gateways/kong/standin/http-client.js";

export type Phase = "rewrite" | "access" | "response" | "log";
export type Call = readonly [path: string, ...args: unknown[]];

/** What the three see. */
export interface Seen {
  readonly client: Answer;
  /** What the echo service was asked. */
  readonly service: { method: string; url: string; headers: [string, string][]; body: string };
  readonly logged: readonly { readonly level: string; readonly message: string }[];
  /** What the calls gave; a PdkError as its code and message. */
  readonly results: readonly unknown[];
}

export interface Effect {
  readonly phases: readonly Phase[];
  readonly calls: readonly Call[];
  readonly question?: Question;
  readonly check: (seen: Seen, phase: Phase) => void;
}

const valuesOf = (headers: readonly (readonly [string, string])[], name: string): string[] =>
  headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);

const RAS = ["rewrite", "access", "response"] as const;
const RASL = [...RAS, "log"] as const;
const RA = ["rewrite", "access"] as const;

const clientHeader =
  (name: string, ...values: string[]) =>
  ({ client }: Seen): void =>
    expect(valuesOf(client.headers, name)).toEqual(values);
const serviceHeader =
  (name: string, ...values: string[]) =>
  ({ service }: Seen): void =>
    expect(valuesOf(service.headers, name)).toEqual(values);
const logLevel = (level: string): Effect => ({
  phases: RASL,
  calls: [[`log.${level}`, "the text ", 1, { a: [1] }]],
  check: ({ logged }) => expect(logged).toContainEqual(expect.objectContaining({ level, message: "the text 1{ a: [ 1 ] }" })),
});
const setBody = (type: string, check: (body: string, type: string) => void): Effect => ({
  phases: RA,
  calls: [["service.request.setBody", { a: "x y", b: ["1", "2"] }, type]],
  check: ({ service: { body, headers }, results }) => {
    expect(results).toEqual([true]);
    check(body, valuesOf(headers, "content-type").join());
  },
});

const json: Question = { method: "POST", headers: [["Content-Type", "application/json"]] };
const large = JSON.stringify({ text: "x".repeat(20_000) });

/** By function, as in `kong.…`; several effects of one have a word behind it. */
export const effects = (otherPort: () => number): Readonly<Record<string, Effect>> => ({
  "client.authenticate": {
    phases: ["access"],
    calls: [
      ["client.authenticate", { id: "c", username: "alice" }, { id: "k" }],
      ["client.getConsumer"],
      ["client.getCredential"],
    ],
    check: ({ results }) => expect(results.slice(1)).toEqual([{ id: "c", username: "alice" }, { id: "k" }]),
  },
  "ctx.shared.set": {
    phases: RASL,
    calls: [
      ["ctx.shared.set", "k", { a: [1, "x"] }],
      ["ctx.shared.get", "k"],
    ],
    check: ({ results }) => expect(results[1]).toEqual({ a: [1, "x"] }),
  },
  "nginx.setCtx": {
    phases: RASL,
    calls: [
      ["nginx.setCtx", "k", 5],
      ["nginx.getCtx", "k"],
    ],
    check: ({ results }) => expect(results[1]).toBe(5),
  },
  "log.alert": logLevel("alert"),
  "log.crit": logLevel("crit"),
  "log.err": logLevel("err"),
  "log.warn": logLevel("warn"),
  "log.notice": logLevel("notice"),
  "log.info": logLevel("info"),
  "log.debug": logLevel("debug"),
  "log.inspect": {
    phases: RASL,
    calls: [["log.inspect", "looked at"]],
    check: ({ logged }) => expect(logged.map(({ message }) => message)).toContainEqual(expect.stringContaining("looked at")),
  },
  "log.setSerializeValue": {
    phases: RASL,
    calls: [["log.setSerializeValue", "deep.tenant", "t1"]],
    check: ({ results }) => expect(JSON.parse(String(results.at(-1)))).toMatchObject({ deep: { tenant: "t1" } }),
  },
  "response.setStatus": {
    phases: RAS,
    calls: [["response.setStatus", 201]],
    // What is set before the service answers, its answer replaces.
    check: ({ client }, phase) => expect(client.status).toBe(phase === "response" ? 201 : 200),
  },
  "response.setHeader": {
    phases: RAS,
    calls: [
      ["response.setHeader", "x-out", "1"],
      ["response.setHeader", "x-out", 2],
    ],
    check: clientHeader("x-out", "2"),
  },
  "response.addHeader": {
    phases: RAS,
    calls: [
      ["response.addHeader", "x-out", "1"],
      ["response.addHeader", "x-out", "2"],
    ],
    check: clientHeader("x-out", "1", "2"),
  },
  "response.clearHeader": {
    phases: RAS,
    calls: [
      ["response.setHeader", "x-out", "1"],
      ["response.clearHeader", "X-Out"],
    ],
    check: clientHeader("x-out"),
  },
  "response.setHeaders": {
    phases: RAS,
    calls: [["response.setHeaders", { "x-out": ["1", "2"], "x-upstream": "mine" }]],
    check: (seen, phase) => {
      clientHeader("x-out", "1", "2")(seen);
      clientHeader("x-upstream", phase === "response" ? "mine" : "echo")(seen);
    },
  },
  "response.exit": {
    phases: RAS,
    calls: [
      ["response.exit", 418, { tea: true }, { "x-out": "1" }],
      ["log.err", "never"],
    ],
    check: (seen) => {
      expect([seen.client.status, seen.client.text]).toEqual([418, '{"tea":true}']);
      clientHeader("x-out", "1")(seen);
      expect(seen.logged.map(({ message }) => message)).not.toContain("never");
    },
  },
  "response.error": {
    phases: RAS,
    calls: [["response.error", 503, "down"]],
    check: ({ client }) => {
      expect(client.status).toBe(503);
      expect(client.text).toContain("down");
    },
  },
  "service.setTarget": {
    phases: ["access"],
    get calls() {
      return [["service.setTarget", "127.0.0.1", otherPort()]] as const;
    },
    check: ({ client }) => expect(client.text).toBe("{}"),
  },
  "service.setUpstream": {
    phases: ["access"],
    calls: [["service.setUpstream", "other"]],
    check: ({ client, results }) => expect([client.text, results]).toEqual(["{}", [true]]),
  },
  "service.request.setScheme": {
    phases: ["access"],
    calls: [["service.request.setScheme", "https"]],
    // The echo service speaks no TLS.
    check: ({ client }) => expect(client.status).toBe(502),
  },
  "service.request.setPath": {
    phases: ["access"],
    calls: [["service.request.setPath", "/other path"]],
    check: ({ service }) => expect(service.url).toBe("/other%20path?a=1"),
  },
  "service.request.setRawQuery": {
    phases: RA,
    calls: [["service.request.setRawQuery", "b=2&c"]],
    check: ({ service }) => expect(service.url).toBe("/p?b=2&c"),
  },
  "service.request.setQuery": {
    phases: RA,
    calls: [["service.request.setQuery", { b: ["x y", "2"], c: true }]],
    check: ({ service }) => expect(service.url).toBe("/p?b=x%20y&b=2&c"),
  },
  "service.request.setMethod": {
    phases: RA,
    calls: [["service.request.setMethod", "PATCH"]],
    check: ({ service }) => expect(service.method).toBe("PATCH"),
  },
  "service.request.setHeader": {
    phases: RA,
    calls: [
      ["service.request.setHeader", "x-in", "1"],
      ["service.request.setHeader", "x-in", true],
    ],
    check: serviceHeader("x-in", "true"),
  },
  "service.request.addHeader": {
    phases: RA,
    calls: [
      ["service.request.addHeader", "x-in", "1"],
      ["service.request.addHeader", "x-in", "2"],
    ],
    check: serviceHeader("x-in", "1", "2"),
  },
  "service.request.clearHeader": {
    phases: RA,
    calls: [["service.request.clearHeader", "x-in"]],
    question: { headers: [["X-In", "from the client"]] },
    check: serviceHeader("x-in"),
  },
  "service.request.setHeaders": {
    phases: RA,
    calls: [["service.request.setHeaders", { "x-in": ["1", "2"], host: "other.example" }]],
    check: (seen) => {
      serviceHeader("x-in", "1", "2")(seen);
      serviceHeader("host", "other.example")(seen);
    },
  },
  "service.request.setRawBody": {
    phases: RA,
    calls: [["service.request.setRawBody", "new"]],
    question: { method: "POST", body: "old" },
    check: (seen) => {
      expect(seen.service.body).toBe("new");
      serviceHeader("content-length", "3")(seen);
    },
  },
  "service.request.setBody as JSON": setBody("application/json", (body, type) => {
    expect([JSON.parse(body), type]).toEqual([{ a: "x y", b: ["1", "2"] }, "application/json"]);
  }),
  "service.request.setBody as a form": setBody("application/x-www-form-urlencoded", (body, type) => {
    expect([body, type]).toEqual(["a=x%20y&b=1&b=2", "application/x-www-form-urlencoded"]);
  }),
  "service.request.setBody as a multipart form": setBody("multipart/form-data", (body, type) => {
    expect(body.split(`--${/boundary="?([^"]+)/.exec(type)?.[1] ?? "?"}`)).toHaveLength(5);
    expect(body).toContain('name="a"\r\n\r\nx y\r\n');
  }),
  "request.getBody of a large body": {
    phases: RA,
    calls: [["request.getBody"]],
    question: { ...json, body: large },
    check: ({ results, client }) => expect([results, client.status]).toEqual([[JSON.parse(large)], 200]),
  },
  "request.getBody of a body that is not what it says": {
    phases: RA,
    calls: [["request.getBody"]],
    question: { ...json, body: "{broken" },
    check: ({ results }) =>
      expect(results).toEqual([{ code: "PDK_BAD_BODY", message: expect.stringContaining("application/json") as unknown }]),
  },
  "request.getRawBody within maxSize": {
    phases: RA,
    calls: [["request.getRawBody", { maxSize: 30_000 }]],
    question: { ...json, body: large },
    check: ({ results }) => expect(results).toMatchObject([{ data: { length: large.length } }]),
  },
  "request.getRawBody beyond maxSize": {
    phases: RA,
    calls: [["request.getRawBody", { maxSize: 10_000 }]],
    question: { ...json, body: large },
    check: ({ results, client }) => {
      expect(results).toMatchObject([{ code: "PDK_BODY_TOO_LARGE" }]);
      expect(client.status).toBe(200);
    },
  },
});

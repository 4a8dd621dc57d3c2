// Where API definitions come from: a folder that changes, and a Gateway API over real HTTP.
import { rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type DefinitionErrorCode,
  type DefinitionOptions,
  type DefinitionSource,
  definitionSource,
} from "../../../../../src/gateways/tyk/definitions/index.js";
import { GatewayDefinitions } from "../../../../../src/gateways/tyk/definitions/gateway-definitions.js";
import { createTempDir, type TempDir } from "../../../../support/index.js";

let temp: TempDir;
let opened: DefinitionSource | undefined;
let problems: string[];
let changes: (() => void)[];

beforeEach(() => {
  temp = createTempDir("apps");
  problems = [];
  changes = [];
});
afterEach(async () => {
  await opened?.close();
  opened = undefined;
  temp.remove();
});

const nextChange = (): Promise<void> => new Promise((resolve) => changes.push(resolve));
const listener = {
  onChange: () => {
    for (const tell of changes.splice(0)) tell();
  },
  onProblem: (file: string, error: Error) => problems.push(`${file}: ${error.message}`),
};

async function open(options: Partial<DefinitionOptions>): Promise<DefinitionSource> {
  opened = await definitionSource({ listener, environment: {}, ...options });
  if (opened === undefined) throw new Error("none is configured");
  return opened;
}

const classic = (id: string, fields: object = {}): object => ({ api_id: id, name: `API ${id}`, ...fields });
const write = (name: string, value: unknown): string => temp.write(name, JSON.stringify(value));
const failure = (code: DefinitionErrorCode, text: string): Error =>
  expect.objectContaining({ code, message: expect.stringContaining(text) as string }) as Error;

describe("a folder of definitions", () => {
  it("has each API by its id, in both forms", async () => {
    write("one.json", classic("a", { custom_middleware_bundle: "x.zip" }));
    write("two.json", { "x-tyk-api-gateway": { info: { id: "b", name: "API b" } } });
    temp.write("readme.md", "");
    const source = await open({ apps: temp.path });
    expect(await source.definition("a")).toMatchObject({ name: "API a", form: "classic" });
    expect(await source.definition("b")).toMatchObject({ name: "API b", form: "oas" });
    expect(await source.bundles()).toEqual(["x.zip"]);
    expect(problems).toEqual([]);
  });

  it("takes the OAS document beside an API's classic fields, as a gateway writes both", async () => {
    const document = { "x-tyk-api-gateway": { info: { id: "a" } } };
    write("shop.json", classic("a", { is_oas: true }));
    write("shop-oas.json", document);
    write("other.json", classic("b", { is_oas: true }));
    const source = await open({ apps: temp.path });
    expect(await source.definition("a")).toMatchObject({ name: "API a", form: "oas", document });
    expect(await source.definition("b")).toMatchObject({ name: "API b", form: "classic" });
    expect(problems).toEqual([]);
  });

  it("says where it looked for an API that it has not", async () => {
    const source = await open({ apps: temp.path });
    await expect(source.definition("none")).rejects.toThrow(
      failure("TYK_DEFINITION_UNKNOWN", `none in ${temp.path} has the id "none"`),
    );
  });

  it("has a new API for its first request, though nobody has noticed the file yet", async () => {
    const source = await open({ apps: temp.path });
    write("one.json", classic("a"));
    expect(await source.definition("a")).toMatchObject({ name: "API a" });
  });

  it("is read again when something changes, and keeps what a broken file said before", async () => {
    const path = write("one.json", classic("a"));
    write("two.json", classic("b"));
    const source = await open({ apps: temp.path });
    let changed = nextChange();
    write("one.json", classic("a", { name: "another" }));
    await changed;
    expect(await source.definition("a")).toMatchObject({ name: "another" });

    changed = nextChange();
    writeFileSync(path, "{");
    rmSync(join(temp.path, "two.json"));
    await changed;
    expect(await source.definition("a")).toMatchObject({ name: "another" });
    await expect(source.definition("b")).rejects.toThrow(failure("TYK_DEFINITION_UNKNOWN", '"b"'));
    expect(problems).toEqual([expect.stringMatching(/^one\.json: the API definition cannot be read: one\.json: .*JSON/)]);
  });

  it("tells once of files that are no definitions, and takes the first of two with one id", async () => {
    write("a.json", classic("a"));
    write("b.json", classic("a", { name: "second" }));
    write("c.json", { other: "file" });
    const source = await open({ apps: temp.path });
    const changed = nextChange();
    write("d.json", classic("d"));
    await changed;
    expect(await source.definition("a")).toMatchObject({ name: "API a" });
    expect(problems.sort()).toEqual([
      "b.json: the API definition cannot be read: b.json: another file has the id a too, and is taken",
      "c.json: the API definition cannot be read: c.json has no api_id",
    ]);
  });

  it("has to be there", async () => {
    await expect(open({ apps: join(temp.path, "none") })).rejects.toThrow(failure("TYK_DEFINITION_BROKEN", "-tyk-apps"));
  });
});

describe("the Gateway API", () => {
  let server: Server;
  let base: string;
  let asked: string[];
  /** Bodies by path; a number is a status. */
  let answers: Record<string, unknown>;
  let hold: Promise<void> | undefined;
  let running: number;
  let most: number;

  beforeEach(async () => {
    asked = [];
    answers = {};
    hold = undefined;
    running = 0;
    most = 0;
    server = createServer((request, response) => {
      if (request.url === "/ping") {
        response.end();
        return;
      }
      running += 1;
      most = Math.max(most, running);
      response.once("finish", () => (running -= 1));
      asked.push(`${request.url ?? ""} ${String(request.headers["x-tyk-authorization"])}`);
      const answer = answers[request.url ?? ""] ?? 404;
      void (hold ?? Promise.resolve()).then(() =>
        typeof answer === "number"
          ? response.writeHead(answer, { location: "/elsewhere" }).end()
          : response.end(typeof answer === "string" ? answer : JSON.stringify(answer)),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    await opened?.close();
    server.closeAllConnections();
    server.close();
  });

  const secret = { TYK_SECRET: "s3cret" };

  it("is asked with the secret, and once for what is kept", async () => {
    answers["/tyk/apis/a%2Fb"] = classic("a/b");
    const source = await open({ api: base, environment: secret });
    expect(await source.definition("a/b")).toMatchObject({ name: "API a/b" });
    expect(await source.definition("a/b")).toMatchObject({ name: "API a/b" });
    expect(asked).toEqual(["/tyk/apis/a%2Fb s3cret"]);
  });

  it("is asked for the OAS document of an API that has one", async () => {
    const document = { "x-tyk-api-gateway": { info: { id: "a" } } };
    answers["/tyk/apis/a"] = classic("a", { is_oas: true });
    answers["/tyk/apis/oas/a"] = document;
    const source = await open({ api: base, environment: secret });
    expect(await source.definition("a")).toMatchObject({ name: "API a", form: "oas", document });
  });

  it("may be below a path", async () => {
    answers["/gateway/tyk/apis/a"] = classic("a");
    const source = await open({ api: `${base}/gateway`, environment: secret });
    expect(await source.definition("a")).toMatchObject({ id: "a" });
  });

  it("is asked once for all who wait for one API, and by eight at a time for several", async () => {
    for (let index = 0; index < 20; index += 1) answers[`/tyk/apis/${index}`] = classic(String(index));
    let release = (): void => {};
    hold = new Promise((resolve) => (release = resolve));
    const source = await open({ api: base, environment: secret });
    const all = Array.from({ length: 60 }, (_, index) => source.definition(String(index % 20)));
    while (asked.length < 8) await new Promise((resolve) => server.once("request", resolve));
    // Whatever was sent beside them has arrived by then.
    await fetch(`${base}/ping`);
    release();
    expect((await Promise.all(all)).map(({ id }) => id)).toEqual(Array.from({ length: 60 }, (_, index) => String(index % 20)));
    expect(asked).toHaveLength(20);
    expect(most).toBe(8);
  });

  it("is asked anew behind a request, which has what is kept", async () => {
    const source = new GatewayDefinitions({
      url: new URL(`${base}/`),
      secret: () => Promise.resolve(""),
      onProblem: () => {},
      maxAge: 0,
    });
    opened = source;
    answers["/tyk/apis/a"] = classic("a", { name: "old" });
    await source.definition("a");
    answers["/tyk/apis/a"] = classic("a", { name: "new" });
    const isAsked = new Promise((resolve) => server.once("request", resolve));
    expect(await source.definition("a")).toMatchObject({ name: "old" });
    await isAsked;
    await vi.waitFor(async () => expect(await source.definition("a")).toMatchObject({ name: "new" }), { interval: 5 });
  });

  it("that fails leaves what is kept, and is told once", async () => {
    const tells: string[] = [];
    let told = (): void => {};
    const isTold = new Promise<void>((resolve) => (told = resolve));
    const source = new GatewayDefinitions({
      url: new URL(`${base}/`),
      secret: () => Promise.resolve(""),
      onProblem: (id, { message }) => {
        tells.push(`${id}: ${message}`);
        told();
      },
      maxAge: 0,
    });
    opened = source;
    answers["/tyk/apis/a"] = classic("a");
    await source.definition("a");
    answers["/tyk/apis/a"] = 500;
    await source.definition("a");
    await isTold;
    const before = asked.length;
    await vi.waitFor(
      async () => {
        expect(await source.definition("a")).toMatchObject({ id: "a" });
        expect(asked.length).toBeGreaterThan(before + 2);
      },
      { interval: 5 },
    );
    expect(tells).toEqual([`a: the Gateway API does not give the definition: ${base}/tyk/apis/a answered with status 500`]);
  });

  it.each([
    [404, "TYK_DEFINITION_UNKNOWN", 'has no API with the id "a"'],
    [403, "TYK_DEFINITION_UNAVAILABLE", 'refuses the secret (403): it has to be the gateway\'s own, "secret" in tyk.conf'],
    [302, "TYK_DEFINITION_UNAVAILABLE", "redirect"],
    ["{", "TYK_DEFINITION_UNAVAILABLE", "JSON"],
    ["[]", "TYK_DEFINITION_BROKEN", "no JSON object"],
    [{ name: "no id" }, "TYK_DEFINITION_BROKEN", "has no api_id"],
    ["x".repeat(17_000_000), "TYK_DEFINITION_BROKEN", "more than 16777216 bytes"],
  ] as const)("that answers %.20s is an error", async (answer, code, reason) => {
    answers["/tyk/apis/a"] = answer;
    const source = await open({ api: base, environment: secret });
    await expect(source.definition("a")).rejects.toThrow(failure(code, reason));
    await expect(source.definition("a")).rejects.toThrow(failure(code, reason));
    expect(asked.filter((line) => line.startsWith("/tyk/apis/a "))).toHaveLength(1);
  });

  it("that is not there is an error with the reason", async () => {
    const source = await open({ api: "http://127.0.0.1:9", environment: secret });
    await expect(source.definition("a")).rejects.toThrow(failure("TYK_DEFINITION_UNAVAILABLE", "127.0.0.1:9"));
  });

  it("is given up when the source closes", async () => {
    hold = new Promise(() => {});
    const source = await open({ api: base, environment: secret });
    const waiting = Array.from({ length: 10 }, (_, index) => source.definition(String(index)).catch(String));
    while (asked.length < 8) await new Promise((resolve) => server.once("request", resolve));
    await source.close();
    expect(await Promise.all(waiting)).toEqual(Array(10).fill(expect.stringContaining("This operation was aborted")));
  });

  it("gets a secret from a file, which is read for each request", async () => {
    answers["/tyk/apis/a"] = classic("a");
    answers["/tyk/apis/b"] = classic("b");
    const secretFile = temp.write("secret", "first\n");
    const source = await open({ api: base, secretFile, environment: secret });
    await source.definition("a");
    temp.write("secret", "second\n");
    await source.definition("b");
    expect(asked.map((line) => line.split(" ")[1])).toEqual(["first", "second"]);
  });

  it("needs a secret and an address", async () => {
    const missing = (text: string): Error => failure("TYK_DEFINITION_SECRET", text);
    await expect(open({ api: base })).rejects.toThrow(missing("TYK_SECRET is not set"));
    await expect(open({ api: base, secretFile: join(temp.path, "none") })).rejects.toThrow(missing("ENOENT"));
    await expect(open({ api: base, secretFile: temp.write("empty", " \n") })).rejects.toThrow(missing("is empty"));
    await expect(open({ api: "localhost:8080", environment: secret })).rejects.toThrow("use http://HOST:PORT");
  });
});

describe("without a source", () => {
  it("there is none", async () => {
    expect(await definitionSource({ listener, environment: {} })).toBeUndefined();
  });
});

import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { startGateway } from "../../../../../src/gateways/kong/standin/index.js";
import { ask } from "./http-client.js";
import { configFor, headerOf, run, signal, told } from "./running-gateway.js";
import type { Handler } from "./scripted-plugin-server.js";

describe("proxying", () => {
  it("sends a request on and its answer back", async () => {
    const { gateway, echo } = await run();
    const answer = await ask(`${gateway.url}/a/b?x=1`, { method: "POST", body: "hello" });
    expect(answer.status).toBe(200);
    expect(answer.header("x-upstream")).toBe("echo");
    expect(told(answer.text)).toMatchObject({ method: "POST", url: "/a/b?x=1", body: "hello" });
    const headers = told(answer.text).headers;
    expect(headerOf(headers, "host")).toBe(`127.0.0.1:${echo.port}`);
    expect(headerOf(headers, "x-forwarded-for")).toBe("127.0.0.1");
    expect(headerOf(headers, "x-forwarded-proto")).toBe("http");
    expect(headerOf(headers, "x-forwarded-port")).toBe(String(gateway.port));
    expect(headerOf(headers, "x-forwarded-path")).toBe("/a/b");
  });

  it("streams bodies of any size and content both ways", async () => {
    const { gateway } = await run();
    const body = randomBytes(3_000_000);
    const answer = await ask(`${gateway.url}/?body=echo`, { method: "POST", body });
    expect(answer.body.equals(body)).toBe(true);
  });

  it("passes a chunked body on", async () => {
    const { gateway } = await run();
    const answer = await ask(gateway.url, { method: "POST", body: "in chunks", headers: [["Transfer-Encoding", "chunked"]] });
    expect(told(answer.text).body).toBe("in chunks");
  });

  it("strips the path of the route and keeps the host where the route says so", async () => {
    const { gateway } = await run({
      config: {
        services: [],
        routes: [],
      },
    });
    expect((await ask(gateway.url)).status).toBe(404);
    const { gateway: other, echo } = await run();
    other.reload({
      _format_version: "3.0",
      services: [
        {
          name: "echo",
          url: `${echo.url}/base`,
          routes: [
            { name: "stripped", paths: ["/api"] },
            { name: "kept", paths: ["/kept"], strip_path: false, preserve_host: true },
          ],
        },
      ],
    });
    const stripped = told((await ask(`${other.url}/api/x?y`)).text);
    expect(stripped.url).toBe("/base/x?y");
    expect(headerOf(stripped.headers, "x-forwarded-prefix")).toBe("/api");
    const kept = told((await ask(`${other.url}/kept`, { headers: [["Host", "example.com"]] })).text);
    expect(kept.url).toBe("/base/kept");
    expect(headerOf(kept.headers, "host")).toBe("example.com");
  });

  it("answers 404 where no route matches, in the format the client accepts", async () => {
    const { gateway } = await run({ config: { services: [] } });
    const json = await ask(gateway.url);
    expect(json.status).toBe(404);
    expect(JSON.parse(json.text)).toMatchObject({ message: "no Route matched with those values" });
    const html = await ask(gateway.url, { headers: [["Accept", "text/html,application/xml;q=0.9"]] });
    expect(html.header("content-type")).toBe("text/html; charset=utf-8");
    expect(html.text).toContain("<p>no Route matched with those values.</p>");
  });

  it("answers 502 when the service is down and 503 when there is none", async () => {
    const { gateway, echo } = await run({ config: { routes: [{ name: "alone", paths: ["/alone"] }] } });
    expect((await ask(`${gateway.url}/alone`)).status).toBe(503);
    await echo.close();
    const answer = await ask(gateway.url, { method: "POST", body: "x".repeat(100_000) });
    expect(answer.status).toBe(502);
    expect(answer.text).toContain("An invalid response was received from the upstream server");
  });

  it("cuts the response where the service broke off", async () => {
    const { gateway } = await run();
    await expect(ask(`${gateway.url}/?break`)).rejects.toThrow();
    await gateway.idle();
    expect((await ask(gateway.url)).status).toBe(200);
  });

  it("answers HEAD without a body", async () => {
    const { gateway } = await run();
    const answer = await ask(gateway.url, { method: "HEAD" });
    expect(answer.status).toBe(200);
    expect(answer.body).toHaveLength(0);
  });
});

describe("phases", () => {
  it("runs plugins by priority, highest first, and each phase after the other", async () => {
    const order: string[] = [];
    const note =
      (name: string): Handler =>
      () =>
        void order.push(name);
    const { gateway } = await run({
      plugins: {
        low: { priority: 1, access: note("low access"), log: note("low log") },
        high: { priority: 1000, rewrite: note("high rewrite"), access: note("high access"), response: note("high response") },
      },
    });
    await ask(gateway.url);
    await gateway.idle();
    expect(order).toEqual(["high rewrite", "high access", "low access", "high response", "low log"]);
  });

  it("uses the configuration of the route before that of the service and the global one, and rewrites only globally", async () => {
    const seen: unknown[] = [];
    const note: Handler = (_kong, { config }) => void seen.push(config["label"]);
    const fields = [{ label: { type: "string" } }];
    const { gateway, echo } = await run({ plugins: { p: { fields, rewrite: note, access: note } } });
    const plugin = (label: string): object => ({ name: "p", config: { label } });
    gateway.reload({
      _format_version: "3.0",
      services: [
        {
          name: "echo",
          url: echo.url,
          routes: [
            { name: "a", paths: ["/a"], plugins: [plugin("route")] },
            { name: "b", paths: ["/b"] },
          ],
          plugins: [plugin("service")],
        },
      ],
      plugins: [plugin("global")],
    });
    await ask(`${gateway.url}/a`);
    await ask(`${gateway.url}/b`);
    await ask(`${gateway.url}/c`);
    expect(seen).toEqual(["global", "route", "global", "service", "global"]);
  });

  it("ends the request with exit: no service, no later plugin, but the log phase", async () => {
    const order: string[] = [];
    const { gateway } = await run({
      plugins: {
        first: { priority: 2, access: (kong) => kong("response.exit", 403, { message: "no/way" }, { "X-Why": "test" }) },
        second: { access: () => void order.push("second") },
        logger: {
          log: async (kong) => {
            order.push(String((await kong("response.get_status")).data), String((await kong("response.get_source")).data));
          },
        },
      },
    });
    const answer = await ask(gateway.url);
    expect(answer.status).toBe(403);
    expect(answer.text).toBe('{"message":"no\\/way"}');
    expect(answer.header("content-type")).toBe("application/json; charset=utf-8");
    expect(answer.header("x-why")).toBe("test");
    await gateway.idle();
    expect(order).toEqual(["403", "exit"]);
  });

  it("gives the buffered body to the response phase, which may change status and headers", async () => {
    const bodies: unknown[] = [];
    const { gateway } = await run({
      plugins: {
        p: {
          response: async (kong) => {
            bodies.push((await kong("service.response.get_raw_body")).data);
            await kong("response.set_status", 202);
            await kong("response.set_header", "X-Changed", ["a", "b"]);
            await kong("response.clear_header", "X-Upstream");
          },
        },
      },
    });
    const answer = await ask(`${gateway.url}/?body=bin`);
    expect(answer.status).toBe(202);
    expect(answer.headers.filter(([name]) => name === "X-Changed").map(([, value]) => value)).toEqual(["a", "b"]);
    expect(answer.header("x-upstream")).toBeUndefined();
    expect(answer.body.toString("hex")).toBe("000102fffe80c328");
    expect(bodies).toEqual([Buffer.from("000102fffe80c328", "hex")]);
  });

  it("puts the body a plugin set in place of the one the client sent", async () => {
    const { gateway } = await run({
      plugins: {
        p: {
          access: async (kong) => {
            const { data } = await kong("request.get_raw_body");
            await kong("service.request.set_raw_body", Buffer.concat([data as Buffer, Buffer.from([0, 255])]));
          },
        },
      },
    });
    const answer = await ask(`${gateway.url}/?body=echo`, { method: "POST", body: "abc" });
    expect(answer.body.toString("latin1")).toBe("abc\0\xff");
  });

  it("gives a plugin a body of several megabytes in one call", async () => {
    const body = randomBytes(6_000_000);
    const lengths: number[] = [];
    const { gateway } = await run({
      plugins: {
        p: { access: async (kong) => void lengths.push(((await kong("request.get_raw_body", 0)).data as Buffer).length) },
      },
    });
    const answer = await ask(`${gateway.url}/?body=echo`, { method: "POST", body });
    expect(lengths).toEqual([body.length]);
    expect(answer.body.equals(body)).toBe(true);
  });

  it("hands log lines of plugins to the logger", async () => {
    const lines: unknown[] = [];
    const logger = { info: () => undefined, warn: (...line: unknown[]) => lines.push(line), error: () => undefined };
    const { gateway } = await run({
      plugins: { p: { access: (kong) => kong("log.warn", "n = ", 1, " ", true) } },
      options: { logger },
    });
    await ask(gateway.url);
    expect(lines).toMatchObject([[{ plugin: "p", requestId: expect.any(String) as unknown }, "n = 1 true"]]);
    expect(gateway.logs).toMatchObject([{ level: "warn", message: "n = 1 true", plugin: "p" }]);
  });

  it("reports every finished request", async () => {
    const { gateway } = await run();
    const statuses: number[] = [];
    const stop = gateway.onFinished((request) => statuses.push(request.response.status));
    await ask(`${gateway.url}/?status=418`);
    await gateway.idle();
    stop();
    await ask(gateway.url);
    await gateway.idle();
    expect(statuses).toEqual([418]);
  });
});

describe("clients that leave", () => {
  it("survives one that leaves in the middle of its body, and logs 499", async () => {
    const started = signal();
    const { gateway } = await run({
      plugins: {
        p: {
          access: async (kong) => {
            const body = kong("request.get_raw_body");
            started.resolve();
            await body;
          },
        },
      },
    });
    const finished = new Promise<number>((resolve) => gateway.onFinished((request) => resolve(request.response.status)));
    const socket = connect(gateway.port, "127.0.0.1");
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\npart");
    await started.promise;
    socket.destroy();
    expect(await finished).toBe(499);
    expect((await ask(gateway.url, { method: "POST", body: "whole" })).status).toBe(200);
  });

  it("survives one that leaves while a plugin works", async () => {
    const started = signal();
    const goOn = signal();
    const { gateway } = await run({
      plugins: {
        p: {
          access: async () => {
            started.resolve();
            await goOn.promise;
          },
        },
      },
    });
    const socket = connect(gateway.port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await started.promise;
    socket.destroy();
    goOn.resolve();
    await gateway.idle();
    expect((await ask(gateway.url)).status).toBe(200);
  });
});

describe("starting and closing", () => {
  it("reads a YAML file", async () => {
    const { plugins, echo } = await run({
      plugins: { p: { fields: [{ n: { type: "number", default: 3 } }], access: () => undefined } },
    });
    const folder = await mkdtemp(join(tmpdir(), "gateway-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const configFile = join(folder, "kong.yml");
    await writeFile(
      configFile,
      `_format_version: "3.0"\nservices:\n- name: echo\n  url: ${echo.url}\n  routes:\n  - name: r\n    paths: [/]\n    plugins:\n    - name: p\n`,
    );
    const gateway = await startGateway({ configFile, port: 0, socketPath: plugins.socketPath, pluginInfos: plugins.pluginInfos });
    onTestFinished(() => gateway.close());
    expect((await ask(gateway.url)).status).toBe(200);
    expect(plugins.received[0]).toMatchObject({ method: "plugin.StartInstance", argument: { Name: "p" } });
    expect(JSON.parse((plugins.received[0]?.argument as { Config: string }).Config)).toMatchObject({ n: 3 });
  });

  it("names the file and the field that is wrong", async () => {
    const folder = await mkdtemp(join(tmpdir(), "gateway-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const configFile = join(folder, "kong.json");
    await writeFile(configFile, JSON.stringify({ _format_version: "3.0", services: [{ name: "s", url: "nonsense" }] }));
    await expect(startGateway({ configFile, port: 0, socketPath: "/nowhere", pluginInfos: [] })).rejects.toThrow(
      `${configFile}: services[1].url: expected a URL`,
    );
  });

  it("says when its port is taken", async () => {
    const { gateway } = await run();
    const options = { port: gateway.port, socketPath: "/nowhere", pluginInfos: [], config: { _format_version: "3.0" } };
    await expect(startGateway(options)).rejects.toMatchObject({ code: "GATEWAY_LISTEN" });
  });

  it("closes twice, and with a request still running", async () => {
    const started = signal();
    const { gateway, plugins } = await run({
      plugins: {
        p: {
          access: () => {
            started.resolve();
            return new Promise(() => undefined);
          },
        },
      },
    });
    const asked = ask(gateway.url).catch((error: unknown) => error);
    await started.promise;
    await Promise.all([gateway.close(), gateway.close()]);
    expect(await asked).toBeInstanceOf(Error);
    await Promise.all([...plugins.sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve))));
    expect(plugins.sockets.size).toBe(0);
  });

  it("starts every instance again after a reload, and closes the old one", async () => {
    const setup = { plugins: { p: { access: () => undefined } } };
    const { gateway, plugins, echo } = await run(setup);
    await ask(gateway.url);
    gateway.reload(configFor(echo, setup));
    await ask(gateway.url);
    expect(plugins.receivedMethods()).toEqual(["StartInstance", "HandleEvent", "StartInstance", "CloseInstance", "HandleEvent"]);
    expect(plugins.instanceIds).toHaveLength(1);
  });
});

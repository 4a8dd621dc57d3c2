// Calls every function of the PDK through the real binary: in each phase that allows it, and in each that does not.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../../src/gateway/index.js";
import { jsName, PDK_METHODS, type PdkMethod, PHASES, type Phase, type ResultKind } from "../../src/pdk/index.js";
import {
  isRecord,
  runCli,
  runPhase,
  type RunningServer,
  sampleArguments,
  startInstance,
  startServer,
  WireClient,
} from "../support/index.js";
import { ask } from "../unit/gateway/http-client.js";

const PLUGINS = fileURLToPath(new URL("../fixtures/pdk-suite/", import.meta.url));
const ALICE = "6384e2b2-184b-4bf5-aecc-f10ca7a6563c";

/** The stand-in gateway has no TLS, and its streams no phases. */
const WITHOUT_REQUEST: readonly Phase[] = ["certificate", "preread"];

/** Those that the stand-in, like every recorded gateway, answers with nothing: what they lack, or what there is not. */
const NOTHING: ReadonlySet<string> = new Set([
  "kong.client.tls.get_full_client_certificate_chain",
  "kong.nginx.get_tls1_version_str",
  "kong.vault.get",
]);

const methods: readonly PdkMethod[] = PDK_METHODS;
const rows = methods.flatMap((method) => PHASES.map((phase) => ({ method, name: method.method, phase })));
const allowed = rows.filter(({ method, phase }) => method.phases.includes(phase));
const forbidden = rows.filter(({ method: { phases, formerly }, phase }) => {
  const isOpen = WITHOUT_REQUEST.includes(phase) && phases.length > 0;
  return !isOpen && !phases.includes(phase) && !formerly.includes(phase);
});

const wantedOf = (method: string, phase: Phase): string =>
  JSON.stringify({ phase, path: method.split(".").slice(1).map(jsName).join("."), args: sampleArguments(method) });

let service: Server;
let server: RunningServer;
let gateway: Gateway;
let client: WireClient;

beforeAll(async () => {
  const [started, dump] = await Promise.all([
    startServer({ plugins: PLUGINS }),
    runCli(["-plugins-dir", PLUGINS, "-dump-all-plugins"]),
    startService(),
  ]);
  server = started;
  client = await WireClient.connect(server.socketPath);
  gateway = await startGateway({
    port: 0,
    socketPath: server.socketPath,
    pluginInfos: JSON.parse(dump.stdout.toString()),
    config: gatewayConfig(),
  });
});

afterAll(async () => {
  client.destroy();
  await gateway.close();
  await server.close();
  service.close();
});

function startService(): Promise<void> {
  service = createServer((_incoming, outgoing) => {
    outgoing.writeHead(200, { "Content-Type": "application/json", "X-Sample": "service" }).end('{"from":"service"}');
  });
  return new Promise((resolve) => service.listen(0, "127.0.0.1", resolve));
}

const gatewayConfig = (): unknown => ({
  _format_version: "3.0",
  services: [
    {
      name: "service",
      url: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
      routes: [{ name: "route", paths: ["/"] }],
    },
  ],
  consumers: [{ id: ALICE, username: "alice" }],
  upstreams: [{ name: "alt-upstream", targets: [{ target: "127.0.0.1:1" }] }],
  plugins: [{ name: "suite" }],
});

interface Report {
  readonly kind?: unknown;
  readonly value?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
}

/** What the plugin logged about its call. */
function reportIn(text: unknown): { readonly outcome: Report; readonly inTheCall: unknown } | undefined {
  if (typeof text !== "string" || !text.includes('"suite"')) return undefined;
  const report: unknown = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
  return isRecord(report) && isRecord(report["outcome"])
    ? { outcome: report["outcome"], inTheCall: report["inTheCall"] }
    : undefined;
}

/** A value of the type that the function promises. */
function expectKind(kind: ResultKind, outcome: Report): void {
  const matches: Readonly<Record<ResultKind, () => void>> = {
    nothing: () => expect(outcome.kind).toBe("undefined"),
    text: () => expect(outcome.kind).toBe("string"),
    "query-arg": () => expect(outcome.kind).toBe("string"),
    bytes: () => expect(outcome.kind).toBe("buffer"),
    number: () => expect(outcome.kind).toBe("number"),
    boolean: () => expect(outcome.kind).toBe("boolean"),
    record: () => expect(outcome.kind).toBe("object"),
    value: () => expect(outcome.kind).not.toBe("error"),
    captures: () =>
      expect(outcome.value).toEqual({ named: expect.any(Object) as unknown, unnamed: expect.any(Array) as unknown }),
    multimap: () => {
      expect(Object.keys(outcome.value as object).length).toBeGreaterThan(0);
      for (const list of Object.values(outcome.value as object)) expect(list).toBeInstanceOf(Array);
    },
  };
  matches[kind]();
}

describe("in a phase that allows it", () => {
  it.each(allowed.filter(({ phase }) => !WITHOUT_REQUEST.includes(phase)))(
    "$name gives what it promises in $phase",
    async ({ method, phase }) => {
      const { method: name, returns, ends } = method;
      const logged = gateway.logs.length;
      const answer = await ask(`${gateway.url}/items/42?a=1`, {
        method: "POST",
        headers: [
          ["Host", "example.com"],
          ["Content-Type", "application/json"],
          ["X-Sample", "s"],
          ["X-Forwarded-Prefix", "/pre"],
          ["X-Suite", wantedOf(name, phase)],
        ],
        body: '{"a":1}',
      });
      await gateway.idle();
      const reports = gateway.logs.slice(logged).flatMap(({ message }) => reportIn(message) ?? []);
      if (ends) {
        expect(answer.status).toBe(sampleArguments(name)[0]);
        expect(reports).toEqual([]);
        return;
      }
      expect(reports).toHaveLength(1);
      const outcome = reports[0]?.outcome ?? {};
      if (NOTHING.has(name)) expect(outcome).toEqual({ kind: "undefined" });
      else expectKind(returns, outcome);
    },
  );

  it.each(allowed.filter(({ phase }) => WITHOUT_REQUEST.includes(phase)))("$name is sent in $phase", async ({ name, phase }) => {
    const instance = await startInstance(client, "suite", { wanted: wantedOf(name, phase) });
    const { calls, end } = await runPhase(client, instance, phase);
    expect(calls[0]).toEqual({ method: name, args: sampleArguments(name) });
    expect(end).toBe("ret");
  });
});

describe("in a phase that forbids it", () => {
  it.each(forbidden)("$name fails in $phase, and nothing of it is sent", async ({ method: { ends }, name, phase }) => {
    const instance = await startInstance(client, "suite", { wanted: wantedOf(name, phase) });
    const { calls, end } = await runPhase(client, instance, phase);
    expect(calls.map(({ method }) => method)).toEqual(["kong.log.notice"]);
    const report = reportIn(calls[0]?.args[0]);
    expect(report?.outcome).toMatchObject({ kind: "error", name: "PdkError", code: "PDK_WRONG_PHASE" });
    expect(report?.outcome.message).toMatch(new RegExp(`^${name} cannot be called here: .* this is ${phase}$`));
    expect(report?.inTheCall).toBe(ends);
    expect(end).toBe("ret");
  });
});

it("every function is in one of the tables for each phase", () => {
  const covered = new Set([...allowed, ...forbidden].map(({ name }) => name));
  expect([...covered].sort()).toEqual(methods.map(({ method }) => method).sort());
});

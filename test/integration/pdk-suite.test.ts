// Calls every function of the PDK through the real binary: in each phase that allows it, and in each that does not.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../../src/gateways/kong/standin/index.js";
import { jsName, PDK_METHODS, type PdkMethod, PHASES, type Phase, type ResultKind } from "../../src/gateways/kong/pdk/index.js";
import {
  BINARY,
  connectPeer,
  createTempDir,
  isRecord,
  type Peer,
  PROTOCOLS,
  runCli,
  runPhase,
  type RunningServer,
  sampleArguments,
  startInstance,
  startProgram,
  startServer,
  type TempDir,
} from "../support/index.js";
import { ask } from "../unit/gateways/kong/standin/http-client.js";

const PLUGINS = fileURLToPath(new URL("../fixtures/pdk-suite/", import.meta.url));
const PLUGIN = join(PLUGINS, "suite.ts");
const ALICE = "6384e2b2-184b-4bf5-aecc-f10ca7a6563c";

/** The stand-in gateway has no TLS, and its streams no phases. */
const WITHOUT_REQUEST: readonly Phase[] = ["certificate", "preread"];

/** Those that the stand-in, like every recorded gateway, answers with nothing: what they lack, or what there is not. */
const NOTHING: ReadonlySet<string> = new Set([
  "kong.client.tls.get_full_client_certificate_chain",
  "kong.nginx.get_tls1_version_str",
  "kong.vault.get",
]);

/** What ProtoBuf:1 has no messages for, in any recorded gateway. */
const NOT_CARRIED: ReadonlySet<string> = new Set([
  "kong.client.tls.disable_session_reuse",
  "kong.client.tls.get_full_client_certificate_chain",
  "kong.client.tls.set_client_verify",
  "kong.log.inspect",
  "kong.nginx.get_statistics",
  "kong.node.get_hostname",
  "kong.plugin.get_id",
  "kong.request.get_forwarded_path",
  "kong.request.get_forwarded_prefix",
  "kong.request.get_raw_path",
  "kong.request.get_start_time",
  "kong.response.error",
  "kong.service.set_retries",
  "kong.service.set_timeouts",
  "kong.service.set_tls_verify",
  "kong.service.request.enable_buffering",
  "kong.service.response.get_body",
  "kong.vault.get",
  "kong.vault.is_reference",
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

/** The server of a directory, and the plugin as a program of its own. */
const SERVERS = {
  "the server": {
    start: (): Promise<RunningServer> => startServer({ plugins: PLUGINS }),
    dump: ["-plugins-dir", PLUGINS, "-dump-all-plugins"],
  },
  "a program": {
    start: (): Promise<RunningServer> => {
      const socketPath = join(temp.path, "suite.socket");
      return startProgram({ command: [BINARY, "run", PLUGIN, "-socket", socketPath], socketPath });
    },
    dump: ["run", PLUGIN, "-dump"],
  },
} as const;

let temp: TempDir;
let service: Server;

beforeAll(async () => {
  temp = createTempDir("suite");
  await startService();
});

afterAll(() => {
  service.close();
  temp.remove();
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

/** The call has failed, and nothing of it was sent; one that would end the request throws at once. */
const notCarried = (name: string): unknown => ({
  outcome: expect.objectContaining({
    kind: "error",
    name: "PdkError",
    code: "PDK_NOT_CARRIED",
    message: expect.stringContaining(name) as unknown,
  }) as unknown,
  inTheCall: name === "kong.response.error",
});

const WAYS = PROTOCOLS.flatMap((protocol) =>
  (Object.keys(SERVERS) as (keyof typeof SERVERS)[]).map((way) => ({ way, protocol })),
);

describe.each(WAYS)("$way over $protocol", ({ way, protocol }) => {
  let server: RunningServer;
  let gateway: Gateway;
  let client: Peer;
  const isCarried = (name: string): boolean => protocol === "MsgPack:1" || !NOT_CARRIED.has(name);

  beforeAll(async () => {
    const [started, dump] = await Promise.all([SERVERS[way].start(), runCli([...SERVERS[way].dump, "-protocol", protocol])]);
    server = started;
    client = await connectPeer(protocol, server.socketPath);
    const dumped: unknown = JSON.parse(dump.stdout.toString());
    gateway = await startGateway({
      port: 0,
      socketPath: server.socketPath,
      // What the dump announces is what the gateway speaks.
      pluginInfos: dumped,
      config: gatewayConfig(),
    });
  });

  afterAll(async () => {
    await client.close();
    await gateway.close();
    expect(await server.close()).toEqual({ code: 0, signal: null });
  });

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
        if (!isCarried(name)) {
          expect(reports).toEqual([notCarried(name)]);
          return;
        }
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

    it.each(allowed.filter(({ phase }) => WITHOUT_REQUEST.includes(phase)))(
      "$name is sent in $phase",
      async ({ name, phase }) => {
        const instance = await startInstance(client, "suite", { wanted: wantedOf(name, phase) });
        const { calls, end } = await runPhase(client, instance, phase);
        if (!isCarried(name)) {
          expect(calls.map(({ args }) => reportIn(args[0]))).toEqual([notCarried(name)]);
          expect(end).toBe("ret");
          return;
        }
        expect(calls[0]).toEqual({ method: name, args: sampleArguments(name) });
        expect(end).toBe("ret");
      },
    );
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
});

it("every function is in one of the tables for each phase", () => {
  const covered = new Set([...allowed, ...forbidden].map(({ name }) => name));
  expect([...covered].sort()).toEqual(methods.map(({ method }) => method).sort());
});

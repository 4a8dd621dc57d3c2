// What the writing functions of the PDK do, through the real binary: seen by the client, the service and the log.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EchoUpstream, type Gateway, startEchoUpstream, startGateway } from "../../src/gateways/kong/standin/index.js";
import { jsName, PDK_METHODS, type PdkMethod } from "../../src/gateways/kong/pdk/index.js";
import { runCli, type RunningServer, startServer } from "../support/index.js";
import { ask, type Question } from "../unit/gateways/kong/standin/http-client.js";
import { type Call, effects, type Phase, type Seen } from "./pdk-effects.js";

const PLUGINS = fileURLToPath(new URL("../fixtures/pdk-effects/", import.meta.url));

const PHASES: readonly Phase[] = ["rewrite", "access", "response", "log"];
const EFFECTS = effects(() => otherPort());

let echo: EchoUpstream;
let other: Server;
let server: RunningServer;
let gateway: Gateway;

beforeAll(async () => {
  other = createServer((_incoming, outgoing) => outgoing.end("{}"));
  const listening = new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const [started, dump, upstream] = await Promise.all([
    startServer({ plugins: PLUGINS }),
    runCli(["-plugins-dir", PLUGINS, "-dump-all-plugins"]),
    startEchoUpstream(),
    listening,
  ]);
  [server, echo] = [started, upstream];
  gateway = await startGateway({
    port: 0,
    socketPath: server.socketPath,
    pluginInfos: JSON.parse(dump.stdout.toString()),
    config: {
      _format_version: "3.0",
      services: [{ name: "echo", url: echo.url, routes: [{ name: "all", paths: ["/"], strip_path: false }] }],
      upstreams: [{ name: "other", targets: [{ target: `127.0.0.1:${otherPort()}` }] }],
      plugins: [{ name: "effects" }],
    },
  });
});

afterAll(async () => {
  await gateway.close();
  await Promise.all([server.close(), echo.close()]);
  other.close();
});

const otherPort = (): number => (other.address() as AddressInfo).port;

async function see(calls: Readonly<Record<string, readonly Call[]>>, question: Question = {}): Promise<Seen> {
  const before = gateway.logs.length;
  const client = await ask(`${gateway.url}/p?a=1`, {
    ...question,
    headers: [...(question.headers ?? []), ["x-effects", JSON.stringify(calls)]],
  });
  await gateway.idle();
  const logged = gateway.logs.slice(before);
  const results = PHASES.flatMap((phase) => resultsOf(phase, logged));
  const echoed = client.text.startsWith('{"method"') ? client.text : '{"method":"","url":"","headers":[],"body":""}';
  return { client, service: JSON.parse(echoed) as Seen["service"], logged, results };
}

/** What the plugin logged of a phase's calls, put together from its parts. */
function resultsOf(phase: Phase, logged: Seen["logged"]): readonly unknown[] {
  const start = `effects:${phase}`;
  const parts = logged.filter(({ message }) => message.startsWith(start)).map(({ message }) => message.slice(start.length));
  return parts.length === 0 ? [] : (JSON.parse(parts.join("")) as unknown[]);
}

/** What these do is nothing that a plain client, service or log can see. */
const UNSEEN = new Set([
  "client.tls.disableSessionReuse",
  "client.tls.setClientVerify",
  "service.setRetries",
  "service.setTimeouts",
  "service.setTlsVerify",
  "service.request.enableBuffering",
]);

const cases = Object.entries(EFFECTS).flatMap(([name, effect]) => effect.phases.map((phase) => ({ name, phase, effect })));

describe("kong", () => {
  it.each(cases)("$name in $phase", async ({ name, phase, effect }) => {
    const calls = { [phase]: effect.calls };
    // The entry of the log is whole in the log phase only.
    if (name.startsWith("log.setSerialize")) calls["log"] = [...(calls["log"] ?? []), ["log.serialize"]];
    effect.check(await see(calls, effect.question), phase);
  });

  it("has no writing function without an effect here", () => {
    const tried = new Set(Object.keys(EFFECTS).map((name) => name.split(" ")[0]));
    const writing = (PDK_METHODS as readonly PdkMethod[]).filter(
      ({ method, writeBehind, ends }) => writeBehind || ends || /\.set_\w+$/.test(method),
    );
    const names = writing.map(({ method }) => method.split(".").slice(1).map(jsName).join("."));
    expect(names.filter((name) => !tried.has(name) && !UNSEEN.has(name))).toEqual([]);
  });
});

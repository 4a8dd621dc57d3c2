// The promise of docs/compatibility.md: what was built with a released PDK runs on every later one of its major version, as it is.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkApiVersion } from "../../src/core/plugins/api-version.js";
import { PLUGIN_API } from "../../src/apps/plugin-api/index.js";
import { PDK_VERSION } from "../../src/gateways/kong/pdk/index.js";
import { runCli, runPhase, type RunningServer, startInstance, startServer, WireClient } from "../support/index.js";

const RELEASES = fileURLToPath(new URL("../fixtures/pdk-releases", import.meta.url));
const releases = readdirSync(RELEASES);

it("each released version is kept: build its fixtures before PDK_VERSION changes", () => {
  expect(releases).toContain(PDK_VERSION);
});

describe.each(releases)("what PDK %s built", (release) => {
  const built = join(RELEASES, release, "built");
  let server: RunningServer;
  let client: WireClient;

  beforeAll(async () => {
    server = await startServer({ plugins: built, flags: ["-pdk-match=compatible"] });
    client = await WireClient.connect(server.socketPath);
  });

  afterAll(() => server.close());

  it("is announced", async () => {
    const { stdout } = await runCli(["-plugins-dir", built, "-pdk-match=compatible", "-dump-all-plugins"]);
    expect(JSON.parse(stdout.toString())).toMatchObject([
      { Name: "kong-fixture", Version: "1.0.0", Priority: 10, Phases: ["access", "response", "log"] },
    ]);
    const { stdout: checked } = await runCli(["check", built, "-json", "-pdk-match=compatible"]);
    const { plugins } = JSON.parse(checked.toString()) as { plugins: readonly object[] };
    expect(plugins).toMatchObject([
      { name: "kong-fixture", served: true, pdkVersion: release },
      { name: "tyk-fixture", served: true, pdkVersion: release, gateway: "tyk" },
    ]);
  });

  it("runs", async () => {
    const instance = await startInstance(client, "kong-fixture", { greeting: "hi", names: ["a", "b"] });
    const access = await runPhase(client, instance, "access", {
      answer: (method) => (method === "kong.request.get_path" ? "/path" : undefined),
    });
    expect(JSON.stringify(access.calls)).toContain("kong.service.request.set_header");
    expect(JSON.stringify(access.calls)).toContain("kong.ctx.shared.set");
    const response = await runPhase(client, instance, "response");
    expect(JSON.stringify(response.calls)).toContain("kong.response.set_header");
  });

  it("is taken by later versions of its major version, and no others", () => {
    const [major = 0, minor = 0, patch = 0] = release.split(".").map(Number);
    const refusal = (version: string): string | undefined =>
      checkApiVersion({ plugin: "p", builtWith: release, api: { ...PLUGIN_API, version }, match: "compatible" });
    expect(refusal(`${major}.${minor}.${patch + 1}`)).toBeUndefined();
    expect(refusal(`${major}.${minor + 1}.0`)).toBeUndefined();
    expect(refusal(`${major + 1}.0.0`)).toMatch(/was built with a different version/);
    if (minor > 0) expect(refusal(`${major}.${minor - 1}.0`)).toMatch(/was built with a different version/);
  });
});

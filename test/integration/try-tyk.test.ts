// The try command for Tyk, with the real binary: plugins behind a stand-in of the gateway over real HTTP and gRPC.
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTempDir, runCli, type RunningServer, startCommand, type TempDir } from "../support/index.js";

const plugin = (header: string): string => `import { defineTykPlugin } from "pluginserver/tyk";
export default defineTykPlugin({
  config: { text: { type: "string", default: "none" } },
  pre: { async mark(request, { config, api }) {
    request.headers.set("${header}", [config.text, (await api.definition()).listenPath].join(" "));
  } },
  authCheck: (request, { session, deny }) => (request.headers.has("authorization") ? session({}) : deny(403, "no key")),
  response: (response) => response.headers.append("Set-Cookie", "seen=1"),
});
`;

const SHORT = `apis:
  - name: short
    pre: ["marker:mark"]
    config_data: { text: moin }
  - name: keyed
    listen_path: /k
    auth_check: marker
`;

const CLASSIC = {
  api_id: "cls",
  org_id: "o",
  name: "classic",
  use_keyless: true,
  proxy: { listen_path: "/cls/", target_url: "${ECHO_URL}", strip_listen_path: false },
  custom_middleware: { driver: "grpc", pre: [{ name: "marker:mark" }, { name: "gone", disabled: true }] },
  version_data: {
    versions: { Default: { extended_paths: { url_rewrites: [{ match_pattern: "/a/(.*)", rewrite_to: "/b/$1" }] } } },
  },
};

const OAS = {
  openapi: "3.0.3",
  paths: { "/mock": { get: { operationId: "mock" } } },
  "x-tyk-api-gateway": {
    info: { id: "oas", name: "oas", state: { active: true } },
    server: { listenPath: { value: "/oas/", strip: true } },
    upstream: { url: "${ECHO_URL}" },
    middleware: {
      global: { pluginConfig: { driver: "grpc" }, responsePlugins: [{ enabled: true, functionName: "marker" }] },
      operations: { mock: { mockResponse: { enabled: true, code: 418, body: "tea", headers: [{ name: "X-Tea", value: "1" }] } } },
    },
  },
};

let temp: TempDir;
let trial: RunningServer | undefined;

beforeEach(() => {
  temp = createTempDir("try-tyk");
  temp.write("plugins/marker.mjs", plugin("X-Mark"));
});

afterEach(async () => {
  if (trial !== undefined) expect(await trial.close()).toEqual({ code: 0, signal: null });
  trial = undefined;
  temp.remove();
});

const SLOW = 25_000;

/** Resolves with its URL once it says what to try. */
async function start(...flags: readonly string[]): Promise<string> {
  trial = startCommand(["try", "-tyk", "-port", "0", "-plugins-dir", "plugins", ...flags], temp.path);
  await trial.waitForLine(/Ctrl-C/, SLOW);
  return /http:\/\/127\.0\.0\.1:\d+/.exec(trial.lines.join("\n"))?.[0] ?? "";
}

interface Seen {
  readonly status: number;
  readonly url: string | undefined;
  readonly mark: string | undefined;
  readonly cookies: readonly string[];
}

async function ask(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Seen> {
  const response = await fetch(url, { headers });
  const text = await response.text();
  const echo = text.startsWith('{"method"') ? (JSON.parse(text) as { url: string; headers: [string, string][] }) : undefined;
  return {
    status: response.status,
    url: echo?.url,
    mark: echo?.headers.find(([name]) => name === "X-Mark" || name === "X-Other")?.join(": "),
    cookies: response.headers.getSetCookie(),
  };
}

const folders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("pluginserver-try-tyk-"));

describe("try -tyk", () => {
  it("has an API for each plugin where nothing else is said", async () => {
    const url = await start();
    expect(trial?.lines.join("\n")).toContain(`curl -i -H 'Authorization: KEY' ${url}/marker/`);
    expect(await ask(`${url}/marker/x`)).toMatchObject({ status: 403 });
    expect(await ask(`${url}/marker/x`, { authorization: "abc" })).toEqual({
      status: 200,
      url: "/x",
      mark: "X-Mark: none /marker/",
      cookies: ["seen=1"],
    });
    expect(await ask(`${url}/other`)).toMatchObject({ status: 404 });
  });

  it("reads a short list of APIs, and takes changes of it and of plugins over", async () => {
    temp.write("plugins/try-tyk.yaml", SHORT);
    const url = await start("-tyk-version", "5.3.8");
    expect(trial?.lines.join("\n")).toContain("A stand-in for Tyk 5.3.8 is listening");
    expect(await ask(`${url}/short/`)).toMatchObject({ status: 200, mark: "X-Mark: moin /short/", cookies: [] });
    expect(await ask(`${url}/k/`)).toMatchObject({ status: 403 });
    temp.write("plugins/try-tyk.yaml", SHORT.replace("moin", "hej"));
    temp.write("plugins/marker.mjs", plugin("X-Other"));
    await expect.poll(async () => (await ask(`${url}/short/`)).mark).toBe("X-Other: hej /short/");
    temp.write("plugins/try-tyk.yaml", "apis: [{ name: short, rewrite: 1 }]");
    await trial?.waitForLine(/goes on as before: plugins\/try-tyk\.yaml: there is no rewrite/, SLOW);
    expect(await ask(`${url}/short/`)).toMatchObject({ status: 200 });
  });

  it("takes a gateway's own definitions, classic and OAS", async () => {
    temp.write("apps/cls.json", JSON.stringify(CLASSIC));
    temp.write("apps/oas.json", JSON.stringify({ api_id: "oas", is_oas: true }));
    temp.write("apps/oas-oas.json", JSON.stringify(OAS));
    const url = await start("-config", "apps");
    expect(await ask(`${url}/cls/a/1`)).toEqual({ status: 200, url: "/b/1", mark: "X-Mark: none /cls/", cookies: [] });
    expect(await ask(`${url}/oas/x`)).toEqual({ status: 200, url: "/x", mark: undefined, cookies: ["seen=1"] });
    expect(await ask(`${url}/oas/nothing`)).toMatchObject({ status: 200, url: "/nothing" });
  });

  it("leaves nothing behind", async () => {
    const before = folders();
    await start();
    expect(folders().length).toBeGreaterThan(before.length);
    await trial?.close();
    expect(folders().filter((name) => !before.includes(name))).toEqual([]);
  });

  it.each([
    [["-tyk-version", "1.0"], "-tyk-version 1.0"],
    [["-config", "/none"], "cannot be read"],
    [["operand"], "is no address"],
  ])("%j is refused", async (flags, message) => {
    const { code, stderr } = await runCli(
      ["try", "-tyk", ...flags, ...(flags[0] === "operand" ? [] : ["-plugins-dir", "plugins"])],
      {
        cwd: temp.path,
      },
    );
    expect([code !== 0, stderr]).toEqual([true, expect.stringContaining(message)]);
  });
});

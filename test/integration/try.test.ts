import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createTempDir, runCli, startCommand, type RunningServer, type TempDir } from "../support/index.js";

const plugin = (text: string): string => `import { definePlugin } from "pluginserver/pdk";
export default definePlugin({
  priority: 900,
  schema: [{ limit: { type: "integer", default: 3 } }],
  async access(kong, config) {
    await kong.response.setHeader("x-said", "${text} " + config.limit);
  },
});
`;

const CONFIG = `_format_version: "3.0"
consumers:
  - username: alice
    keyauth_credentials: [{ key: let me in }]
    basicauth_credentials: [{ username: al, password: "it's" }]
    plugins: [{ name: quota, config: { limit: 7 } }]
services:
  - name: echo
    url: "\${ECHO_URL}"
    plugins: [{ name: quota }]
    routes:
      - { name: keyed, paths: [/keyed], plugins: [{ name: key-auth }] }
      - { name: basic, paths: [/basic], methods: [POST], hosts: ["*.example.com"], plugins: [{ name: basic-auth }] }
      - { name: preset, paths: ["~/items/\\\\d+"], consumer: alice }
`;

interface Trial extends RunningServer {
  readonly url: string;
  readonly directory: TempDir;
  /** How many lines there were when the last one was waited for. */
  next(pattern: RegExp): Promise<string>;
}

/** Starts it on a directory with these files, and resolves once it says what to try. */
async function start(files: Readonly<Record<string, string>>, ...flags: readonly string[]): Promise<Trial> {
  const directory = createTempDir("try");
  for (const [name, text] of Object.entries(files)) directory.write(name, text);
  const command = startCommand(["try", "-plugins-dir", directory.path, "-port", "0", ...flags], directory.path);
  onTestFinished(async () => {
    await command.close();
    directory.remove();
  });
  const line = await command.waitForLine(/^A stand-in gateway is listening on/, 25_000);
  await command.waitForLine(/^Ctrl-C ends all of it/);
  const url = /on (\S+),/.exec(line)?.[1] ?? "";
  return { ...command, url, directory, next: (pattern) => command.waitForLine(pattern, 25_000) };
}

const said = async (trial: Trial, path: string, init: RequestInit = {}): Promise<[number, string | null]> => {
  const answer = await fetch(`${trial.url}${path}`, init);
  await answer.arrayBuffer();
  return [answer.status, answer.headers.get("x-said")];
};

describe("pluginserver try", () => {
  it("names its file, and a command for each route that is there, which works as it is printed", async () => {
    const trial = await start({ "quota.ts": plugin("hello"), "try.yaml": CONFIG });
    const { url, directory } = trial;
    const text = trial.stdout.join("\n");
    expect(text).toContain(`(routes of ${join(directory.path, "try.yaml")})`);
    expect(trial.stdout.filter((line) => line.startsWith("  curl"))).toEqual([
      `  curl -i -H 'apikey: let me in' ${url}/keyed`,
      `  curl -i -X POST -H 'Host: any.example.com' -u 'al:it'\\''s' ${url}/basic`,
      `  curl -i ${url}/items/`,
    ]);
    expect(text).toContain("→ route keyed: key-auth, quota");
    expect(text).toContain("→ route preset: quota, as alice");
    expect(await said(trial, "/keyed", { headers: { apikey: "let me in" } })).toEqual([200, "hello 7"]);
    expect(await said(trial, "/keyed")).toEqual([401, null]);
    expect(await said(trial, "/items/5")).toEqual([200, "hello 7"]);
  });

  it("has an admin socket, and says how it is asked", { timeout: 40_000 }, async () => {
    const trial = await start({ "quota.ts": plugin("one") });
    const socket = /pluginserver status -socket (\S+)/.exec(await trial.next(/to see the server/))?.[1] ?? "";
    const { code, stdout } = await runCli(["status", "-socket", socket, "-json"], { cwd: trial.directory.path });
    expect(code).toBe(0);
    expect(JSON.parse(stdout.toString())).toMatchObject({ state: "serving", plugins: [{ plugin: "quota", gateway: "kong" }] });
  });

  it("takes over a changed file, and goes on as before where that is wrong", async () => {
    const trial = await start({ "quota.ts": plugin("hello"), "try.yaml": CONFIG });
    trial.directory.write("try.yaml", CONFIG.replace("name: keyed", "naem: s3cret"));
    const line = await trial.next(/the gateway goes on as before/);
    expect(line).toContain(
      `${join(trial.directory.path, "try.yaml")}: services[1].routes[1].naem: unknown field; did you mean "name"?`,
    );
    expect(line).not.toContain("s3cret");
    expect((await said(trial, "/keyed"))[0]).toBe(401);
    trial.directory.write("try.yaml", CONFIG.replace("/keyed", "/renamed").replace("limit: 7", "limit: 8"));
    await trial.next(/curl .*\/renamed$/);
    expect((await said(trial, "/keyed"))[0]).toBe(404);
    expect(await said(trial, "/renamed", { headers: { apikey: "let me in" } })).toEqual([200, "hello 8"]);
  });

  it("takes a new plugin in, with a route of its name where there is no file", async () => {
    const trial = await start({ "quota.ts": plugin("hello") });
    expect(trial.stdout.join("\n")).toContain(`(no try.yaml in ${trial.directory.path}: a route for each plugin)`);
    expect(await said(trial, "/quota")).toEqual([200, "hello 3"]);
    trial.directory.write("other.ts", plugin("other"));
    await trial.next(/curl -i .*\/other$/);
    expect(await said(trial, "/other")).toEqual([200, "other 3"]);
    trial.directory.write("try.yaml", CONFIG);
    await trial.next(/routes of .*try\.yaml/);
    expect((await said(trial, "/other"))[0]).toBe(404);
  });

  it("does not start on a wrong file, and says where it is wrong", async () => {
    const directory = createTempDir("try");
    onTestFinished(() => directory.remove());
    directory.write("quota.ts", plugin("hello"));
    const file = directory.write("own.yaml", CONFIG.replace("limit: 7", "limt: s3cret"));
    const { code, stderr } = await runCli(["try", "-plugins-dir", directory.path, "-port", "0", "-config", file]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `pluginserver: ${file}: consumers[1].plugins[1].config.limt: unknown field; did you mean "limit"?\n`,
    );
  });
});

// Owns checking that a plugin's init and dispose run once per isolate, are awaited, and hold nothing up.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createTempDir, ReloadServer, type TempDir } from "./reload-server.js";

/** Writes what happens to a file, each line after a moment. */
const NOTES = `const { appendFileSync } = require("node:fs");
  const { threadId } = require("node:worker_threads");
  const note = async (what) => { await new Promise((resolve) => setTimeout(resolve, 100)); appendFileSync(process.env.NOTES, VERSION + " " + what + "\\n"); };`;

const FORMS: Readonly<Record<string, string>> = {
  defined: `import { createRequire } from "node:module"; import { definePlugin } from "pluginserver/pdk";
    const require = createRequire(import.meta.url); ${NOTES}
    export default definePlugin({ version: "1.0.0", init: () => note("init"), dispose: () => note("dispose"),
      async access(kong) { await kong.response.setHeader("x", VERSION); } });`,
  golike: `${NOTES} exports.Init = () => note("init"); exports.Dispose = () => note("dispose");
    exports.New = () => ({ async Access(kong) { await kong.response.setHeader("x", VERSION); } }); exports.Version = "1.0.0";`,
  jspdk: `${NOTES} exports.init = () => note("init"); exports.dispose = () => note("dispose");
    exports.Plugin = class { async access(kong) { await kong.response.setHeader("x", VERSION); } }; exports.Schema = []; exports.Version = "1.0.0";`,
};

let plugins: TempDir;
let server: ReloadServer;
let notes: string;

beforeEach(() => {
  plugins = createTempDir("lc");
  notes = join(createTempDir("ln").path, "notes");
  process.env["NOTES"] = notes;
});

afterEach(() => {
  delete process.env["NOTES"];
});

const noted = (): string[] => (existsSync(notes) ? readFileSync(notes, "utf8").trim().split("\n") : []);

it.each([
  ["defined", "thread"],
  ["golike", "thread"],
  ["jspdk", "process"],
])("%s (%s): are awaited at load, reload and the end", async (form, isolation) => {
  const extension = form === "defined" ? "ts" : "cjs";
  const write = (version: string): string =>
    plugins.write(`p.${extension}`, (FORMS[form] ?? "").replaceAll("VERSION", JSON.stringify(version)));
  write("one");
  server = await ReloadServer.start(plugins, ["-isolation", isolation]);
  await server.waitFor(/serving 1 plugins/);
  // The look at it before it is served.
  expect(noted()).toEqual(["one init", "one dispose"]);
  const id = await server.startInstance("p");
  expect(await server.says(id)).toBe("one");
  expect(noted().slice(2)).toEqual(["one init"]);
  write("two");
  await server.waitFor(/plugin p was reloaded/);
  expect(await server.says(id)).toBe("two");
  await expect.poll(noted, { timeout: 5000 }).toContain("one dispose");
  await expect.poll(() => noted().filter((line) => line === "one dispose").length, { timeout: 5000 }).toBe(2);
  expect(await server.close()).toMatchObject({ code: 0 });
  expect(noted().filter((line) => line.startsWith("two"))).toEqual(["two init", "two dispose", "two init", "two dispose"]);
});

it.each([
  ["throws", `() => { throw new Error("no end"); }`, /its dispose\(\) failed: no end/],
  ["hangs", `() => new Promise(() => {})`, /its dispose\(\) failed: it was not done after 1 s/],
])("a dispose that %s is logged, and the server ends", async (_what, dispose, line) => {
  const code = `let looks = true; exports.Plugin = class { access(kong) { looks = false; kong.response.setHeader("x", "y"); } };
    exports.Version = "1.0.0"; exports.Schema = []; const dispose = ${dispose}; exports.dispose = () => looks ? undefined : dispose();`;
  plugins.write("p.cjs", code);
  server = await ReloadServer.start(plugins, ["-drain-timeout", "1s"]);
  expect(await server.says(await server.startInstance("p"))).toBe("y");
  const begin = performance.now();
  expect(await server.close()).toMatchObject({ code: 0 });
  expect(performance.now() - begin).toBeLessThan(6000);
  expect(server.lines(line)).toHaveLength(1);
});

it("a plugin whose init fails does not load, and a reload keeps the former", async () => {
  const code = (init: string): string =>
    `exports.init = async () => { ${init} }; exports.Version = "1.0.0"; exports.Schema = [];
    exports.Plugin = class { access(kong) { kong.response.setHeader("x", "runs"); } };`;
  plugins.write("good.cjs", code(""));
  plugins.write("bad.cjs", code(`throw new Error("no database");`));
  server = await ReloadServer.start(plugins);
  await server.waitFor(/plugin bad is not served: no database/);
  const id = await server.startInstance("good");
  expect(await server.says(id)).toBe("runs");
  plugins.write("good.cjs", code(`throw new Error("no database");`));
  await server.waitFor(/plugin good is not reloaded, its former version goes on: no database/);
  expect(await server.says(id)).toBe("runs");
  expect(await server.close()).toMatchObject({ code: 0 });
});

/** Says what `init` was given, and that the signal aborts before `dispose`, and without one. */
const CONTEXT = `({ log, signal }) => { log.warn("begins", { aborted: signal.aborted });
    signal.addEventListener("abort", () => require("node:fs").appendFileSync(process.env.NOTES, "abort\\n")); }`;
const DISPOSE = `() => require("node:fs").appendFileSync(process.env.NOTES, "dispose\\n")`;

it.each([
  [
    "defined",
    "thread",
    `const { definePlugin } = require("pluginserver/pdk");
    module.exports = definePlugin({ version: "1.0.0", init: ${CONTEXT}, dispose: ${DISPOSE},
      async access(kong) { await kong.response.setHeader("x", "runs"); } });`,
    ["abort", "dispose"],
  ],
  [
    "golike",
    "process",
    `exports.Init = ${CONTEXT}; exports.Dispose = ${DISPOSE}; exports.Version = "1.0.0";
    exports.New = () => ({ async Access(kong) { await kong.response.setHeader("x", "runs"); } });`,
    ["abort", "dispose"],
  ],
  [
    "jspdk",
    "thread",
    `exports.init = ${CONTEXT}; exports.Version = "1.0.0"; exports.Schema = [];
    exports.Plugin = class { async access(kong) { await kong.response.setHeader("x", "runs"); } };`,
    ["abort"],
  ],
])("%s (%s): init gets a log, and a signal that aborts at the end", async (_form, isolation, code, end) => {
  plugins.write("p.cjs", code);
  server = await ReloadServer.start(plugins, ["-isolation", isolation]);
  await server.waitFor(/WARN: \[p\] begins \{"aborted":false\}/);
  expect(noted()).toEqual(end);
  expect(await server.says(await server.startInstance("p"))).toBe("runs");
  expect(noted()).toEqual(end);
  expect(await server.close()).toMatchObject({ code: 0 });
  expect(noted()).toEqual([...end, ...end]);
});

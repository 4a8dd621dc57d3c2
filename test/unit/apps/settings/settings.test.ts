// Settings beside the command line: what variables and a file may say, in which order they count, and that each reader has the same.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseDocument } from "yaml";
import { parseCommandLine } from "../../../../src/apps/cli/command-line/options.js";
import { type Flag, flagNames, FLAGS, PROGRAM_FLAGS, programPlan, serverPlan } from "../../../../src/apps/flags/index.js";
import { parseConfigFile } from "../../../../src/apps/settings/config-file.js";
import { hasVariable, misspelledVariables, Settings, variableName } from "../../../../src/apps/settings/index.js";
import { createTempDir, type TempDir } from "../../../support/index.js";

let temp: TempDir;
beforeEach(() => {
  temp = createTempDir("settings");
});
afterEach(() => {
  // Each start reads its own file.
  delete process.env["PLUGINSERVER_CONFIG_TEXT"];
  temp.remove();
});

const SERVING = FLAGS.filter(({ commands = ["serve"] }: Flag) => commands.includes("serve"));
const NAMES = flagNames(FLAGS);

const read = (argv: readonly string[], environment: Record<string, string> = {}, flags = SERVING): Promise<Settings> =>
  Settings.read({ argv, flags, names: NAMES, environment });

function file(text: string): string {
  const path = join(temp.path, "config.yaml");
  writeFileSync(path, text);
  return path;
}

const serveOptions = async (argv: readonly string[], environment: Record<string, string> = {}): Promise<unknown> => {
  const parsed = parseCommandLine(argv, await read(argv, environment));
  return "options" in parsed ? parsed.options : undefined;
};

describe("variables", () => {
  it("are there for each flag that is no action, and mean no other variable of ours", () => {
    const names = FLAGS.filter(hasVariable).map(({ name }) => variableName(name));
    expect(new Set(names).size).toBe(new Set(FLAGS.filter(hasVariable).map(({ name }) => name)).size);
    expect(variableName("event-timeout")).toBe("PLUGINSERVER_EVENT_TIMEOUT");
    for (const taken of ["NODE", "STDOUT_FD", "TUNED", "SUPERVISED", "CONFIG_TEXT"])
      expect(names).not.toContain(`PLUGINSERVER_${taken}`);
  });

  it("say what flags say; an empty one is not there", async () => {
    const environment = {
      PLUGINSERVER_PLUGINS_DIR: "/d",
      PLUGINSERVER_THREADS: "3",
      PLUGINSERVER_NO_WATCH: "true",
      PLUGINSERVER_NO_SUPERVISOR: "0",
      PLUGINSERVER_TRUST: "/a.pem,/b.pem",
      PLUGINSERVER_ENV: "A_*,B",
      PLUGINSERVER_EVENT_TIMEOUT: "",
      PLUGINSERVER_DUMP: "hello",
    };
    expect(await serveOptions([], environment)).toMatchObject({
      pluginsDirectory: "/d",
      threads: 3,
      watch: false,
      isSupervised: true,
      trust: ["/a.pem", "/b.pem"],
      hiddenEnvironment: ["A_*", "B"],
      eventTimeout: 50_000,
    });
  });

  it.each([
    ["PLUGINSERVER_EVENT_TIMEOUT", "soon", 'PLUGINSERVER_EVENT_TIMEOUT takes a duration such as 50s or 500ms, not "soon"'],
    ["PLUGINSERVER_NO_WATCH", "maybe", 'PLUGINSERVER_NO_WATCH is true or false, not "maybe"'],
    ["PLUGINSERVER_ON_ERROR", "stop", 'PLUGINSERVER_ON_ERROR is one of exit, continue, not "stop"'],
    ["PLUGINSERVER_METRICS", "nowhere", /^PLUGINSERVER_METRICS/],
    ["PLUGINSERVER_TYK", "nowhere", /^PLUGINSERVER_TYK nowhere is no address/],
  ])("%s=%s is refused by its name", async (name, value, message) => {
    await expect(serveOptions(["-plugins-dir", "/d"], { [name]: value })).rejects.toThrow(message);
  });

  it("are not read for what a command does not take", async () => {
    const flags = FLAGS.filter(({ commands }: Flag) => commands?.includes("status") ?? true);
    const settings = await read(["status"], { PLUGINSERVER_METRICS: "nowhere", PLUGINSERVER_SOCKET: "/s" }, flags);
    expect(parseCommandLine(["status"], settings)).toMatchObject({ request: { target: { socket: "/s" } } });
  });

  it("that are misspelled are told, and others are not", () => {
    const environment = { PLUGINSERVER_EVENT_TIMOUT: "1", PLUGINSERVER_SERVICE_HOST: "10.0.0.1", PLUGINSERVER_THREADS: "1" };
    expect(misspelledVariables(FLAGS, environment)).toEqual([
      "the variable PLUGINSERVER_EVENT_TIMOUT sets nothing; did you mean PLUGINSERVER_EVENT_TIMEOUT?",
    ]);
  });
});

describe("the order", () => {
  it("is flag, variable, file, default", async () => {
    const path = file("plugins-dir: /file\nthreads: 2\nmax-events: 5\non-error: continue\n");
    const environment = { PLUGINSERVER_THREADS: "3", PLUGINSERVER_MAX_EVENTS: "6" };
    expect(await serveOptions(["-config", path, "-max-events", "7"], environment)).toMatchObject({
      pluginsDirectory: "/file",
      onError: "continue",
      threads: 3,
      maxEvents: 7,
      maxConnections: 10_000,
    });
  });

  it("holds for switches that are turned off", async () => {
    const path = file("plugins-dir: /d\nno-watch: true\nno-parent-watch: true\n");
    const argv = ["-config", path, "-no-watch=false"];
    expect(await serveOptions(argv, { PLUGINSERVER_NO_PARENT_WATCH: "false" })).toMatchObject({ watch: true, watchParent: true });
  });

  it("holds for flags that say the same", async () => {
    const path = file("plugins-dir: /d\nsock-name: file.sock\nlog-level: warn\n");
    const options = await serveOptions(["-config", path, "-v"], { PLUGINSERVER_SOCKET: "/variable" });
    expect(options).toMatchObject({ socket: "/variable", log: { level: "debug" } });
  });

  it("names where a wrong value is from, and not where it counts no more", async () => {
    const path = file("plugins-dir: /d\n\nthreads: many\n");
    await expect(serveOptions(["-config", path])).rejects.toThrow(
      `${path}:3: threads takes a whole number from 1 on, not "many"`,
    );
    await expect(serveOptions(["-config", path, "-threads", "none"])).rejects.toThrow(/^-threads takes/);
    await expect(serveOptions(["-config", path, "-threads", "2"])).resolves.toMatchObject({ threads: 2 });
  });
});

describe("what listens first", () => {
  it.each<[string[], Record<string, string>, string]>([
    [[], { PLUGINSERVER_PLUGINS_DIR: "/d", PLUGINSERVER_SOCKET: "/v" }, ""],
    [[], { PLUGINSERVER_PLUGINS_DIR: "/d", PLUGINSERVER_KONG_PREFIX: "/k", PLUGINSERVER_SOCKET_MODE: "660" }, ""],
    [["-socket", "/s"], { PLUGINSERVER_SOCK_NAME: "v.sock" }, "plugins-dir: /d\nsocket: /f\n"],
    [["-plugins-dir", "/d"], { PLUGINSERVER_NO_SUPERVISOR: "true" }, "no-parent-watch: true\nsock-name: f.sock\n"],
    [["-plugins-dir", "/d"], {}, "tyk: tcp://127.0.0.1:5555\nkong-prefix: /k\n"],
    [["-d", "/d", "-p", "/k"], {}, "socket-mode: 0o640\n"],
  ])("%j with %j and a file: has the same place as the server", async (written, environment, text) => {
    const argv = text === "" ? written : [...written, "-config", file(text)];
    const settings = await read(argv, environment);
    const parsed = parseCommandLine(argv, settings);
    const options = parsed.command === "serve" ? parsed.options : undefined;
    const plan = serverPlan(argv, (given) => settings.beneath(given));
    const name = written.includes("-d") ? "js_pluginserver.sock" : "go_pluginserver.sock";
    expect(plan?.places[0]).toMatchObject({
      name: "kong",
      path: options?.socket ?? join(options?.kongPrefix ?? "", name),
      mode: options?.socketMode,
    });
    expect(plan?.places.length).toBe(options?.tyk === undefined ? 1 : 2);
    expect(plan).toMatchObject({ isSupervised: options?.isSupervised, watchParent: options?.watchParent });
  });

  it("knows the settings of a program, too", async () => {
    const argv = ["-config", file("kong-prefix: /k\nplugins-dir: /d\nthreads: 0\n")];
    const settings = await Settings.read({ argv, flags: PROGRAM_FLAGS, names: flagNames(PROGRAM_FLAGS), environment: {} });
    const plan = programPlan(argv, "hello", (given) => settings.beneath(given));
    expect(plan?.places).toMatchObject([{ path: "/k/hello.socket" }]);
  });
});

describe("a file", () => {
  it.each([
    ["evnt-timeout: 1s", 'FILE:1: there is no setting "evnt-timeout"; did you mean "event-timeout"?'],
    ["threads: 1\n\nd: /x", 'FILE:3: "d" is written "plugins-dir" here'],
    ["dump: x", "FILE:1: -dump is no setting of a server"],
    ["out: x", "FILE:1: -out is no setting of a server"],
    ["config: x", "FILE:1: -config is no setting of a server"],
    ["threads: 1\nthreads: 2", "FILE:2: "],
    ["threads:", "FILE:1: threads takes a text or a number, and has no value"],
    ["no-watch: 'true'", "FILE:1: no-watch is true or false"],
    ["threads: [1]", "FILE:1: threads takes one value, not a list"],
    ["threads: {a: 1}", "FILE:1: threads takes one value, not a mapping"],
    ["env: &a [x]\ntrust: *a", "FILE:2: trust takes one value, not a mapping or an alias"],
    ["env: !!js/function x", "FILE:1: "],
    ["- threads", "FILE:1: the names of flags are expected here"],
    ["<<: {threads: 2}", 'FILE:1: there is no setting "<<"'],
    ["__proto__: 1", "FILE:1: there is no setting"],
    [`threads: ${"[".repeat(60_000)}`, "FILE: settings are a list at most"],
    [`env:\n ${"- ".repeat(20_000)}`, "FILE: settings are a list at most"],
    ["? ".repeat(30_000), "FILE: settings are a list at most"],
  ])("%# says what is wrong, and where", (text, message) => {
    expect(() => parseConfigFile("FILE", text)).toThrow(message);
  });

  it("has values as they are written, whatever YAML makes of them", () => {
    const text = "socket-mode: 0660\nevent-timeout: 30\nenv:\n  - A_*\n  - B\ntrust: one.pem\nlog-level: 'info,a=debug'\n";
    const values = [...parseConfigFile("F", text)].map(([name, { value }]) => [name, value]);
    expect(Object.fromEntries(values)).toEqual({
      "socket-mode": "0660",
      "event-timeout": "30",
      env: "A_*,B",
      trust: ["one.pem"],
      "log-level": "info,a=debug",
    });
    expect(parseConfigFile("F", "# nothing\n").size).toBe(0);
  });

  it("is a small text file", async () => {
    await expect(read(["-config", file(`# ${"x".repeat(70_000)}`)])).rejects.toThrow(/has more than 65536 bytes/);
    await expect(read(["-config", file("a\0b")])).rejects.toThrow(/is no text/);
    await expect(read(["-config", temp.path])).rejects.toThrow(/is no file/);
    await expect(read(["-config", "/dev/zero"])).rejects.toThrow(/is no file/);
    await expect(read(["-config", join(temp.path, "none")])).rejects.toThrow(/ENOENT/);
  });
});

describe("the JSON schema", () => {
  const schema: object = JSON.parse(
    readFileSync(fileURLToPath(new URL("../../../../schema/config.schema.json", import.meta.url)), "utf8"),
  ) as object;
  const accepts = new Ajv({ schemaId: "auto" } as object).compile(schema);
  const valueOf = (text: string): unknown => parseDocument(text).toJS() as unknown;

  it.each([
    "plugins-dir: /d\nthreads: 2\nno-watch: true\nevent-timeout: 500ms\nisolate-memory: 64MB\nsocket-mode: 0660",
    "trust: [a.pem, b.pem]\nenv: A_*,B\nlog-level: info,hello=debug\nprotocol: ProtoBuf:1\nevent-timeout: 30",
  ])("takes what a server takes: %#", (text) => {
    expect(() => parseConfigFile("F", text)).not.toThrow();
    expect(accepts(valueOf(text)), JSON.stringify(accepts.errors)).toBe(true);
  });

  it.each([
    "evnt-timeout: 1s",
    "threads: many",
    "no-watch: maybe",
    "on-error: stop",
    "event-timeout: soon",
    "threads: [1]",
    "dump: x",
  ])("refuses what a server refuses: %s", async (text) => {
    expect(accepts(valueOf(text))).toBe(false);
    await expect(serveOptions(["-plugins-dir", "/d", "-config", file(text)])).rejects.toThrow(/config\.yaml:1: /);
  });
});

// The command line as a whole: which command it is, with what, and what is refused.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Invocation } from "../../../src/cli/invocation.js";
import { parseCommandLine } from "../../../src/cli/options.js";
import { UsageError } from "../../../src/program/index.js";

const SOURCE = new URL("../../../src/cli/program.ts", import.meta.url);
const parse = (...argv: string[]): Invocation => parseCommandLine(argv);
const LOADING = { pluginsDirectory: "/d", pdkMatch: "exact", log: { level: "info", format: "text" } };
const SERVING = {
  ...LOADING,
  kongPrefix: "/usr/local/kong",
  socket: undefined,
  socketMode: 0o600,
  threads: 1,
  eventTimeout: 50_000,
  instanceTimeout: 60_000,
};

describe("build -standalone", () => {
  it("makes executables", () => {
    expect(parse("build", "p.ts", "-standalone", "-out", "/o")).toMatchObject({
      command: "build",
      options: { plugins: ["p.ts"], out: "/o", standalone: true, sign: undefined },
    });
    expect(parse("build", "-out", "/o", "p.ts")).toMatchObject({ options: { standalone: false } });
  });

  it("signs nothing, and says why", () => {
    expect(() => parse("build", "p.ts", "-standalone", "-out", "/o", "-sign", "/k")).toThrow(
      /-sign is not for -standalone: a gateway/,
    );
  });
});

describe("kong-conf", () => {
  const conf = (...argv: string[]): unknown => parse("kong-conf", "-plugins-dir", "/d", "-kong-version", "3.9", ...argv);

  it("prints kong.conf for one shared socket, and takes no flag over that was not given", () => {
    expect(conf()).toMatchObject({
      command: "kong-conf",
      options: { ...LOADING, kongVersion: "3.9", mode: "shared", format: "conf", server: { startFlags: [], queryFlags: [] } },
    });
  });

  it("takes the flags of the server over as they are written, with absolute paths, and to dumps what matters there", () => {
    const argv = ["-mode=per-plugin", "--event-timeout=20s", "-no-watch", "-socket", "s.sock", "-trust", "/a", "-trust=/b"];
    const trusted = [
      { name: "trust", value: "/a" },
      { name: "trust", value: "/b" },
    ];
    const socket = `${process.cwd()}/s.sock`;
    const startFlags = [
      { name: "socket", value: socket },
      ...trusted,
      { name: "event-timeout", value: "20s" },
      { name: "no-watch" },
    ];
    expect(conf(...argv)).toMatchObject({ options: { mode: "per-plugin", server: { socket, startFlags, queryFlags: trusted } } });
  });

  it.each([
    ["at the end", ["-env"], "env", []],
    ["before another flag", ["-env", "-mode", "shared"], "env", []],
    ["with names", ["-env", "KONG_*"], "conf", [{ name: "env", value: "KONG_*" }]],
    ["with both", ["-env=KONG_*", "--env"], "env", [{ name: "env", value: "KONG_*" }]],
    ["in other words", ["-format=env-file"], "env-file", []],
  ])("-env means the environment of the gateway %s", (_name, argv, format, startFlags) => {
    expect(conf(...argv)).toMatchObject({ options: { format, server: { startFlags } } });
  });

  it("refuses what is no flag", () => {
    expect(() => conf("/d")).toThrow(UsageError);
  });

  it("refuses what the printed start command would be refused for", () => {
    expect(() => conf("-threads", "0")).toThrow(/-threads/);
    expect(() => conf("-event-timeout", "soon")).toThrow(/-event-timeout/);
  });
});

describe("serve", () => {
  it("needs a plugins directory and has a default for everything else", () => {
    expect(parse("-plugins-dir", "/d")).toMatchObject({ command: "serve", options: SERVING });
  });

  it.each([
    ["a gateway up to 2.2", ["-kong-prefix", "/p", "-plugins-directory", "/d"]],
    ["equals signs", ["-kong-prefix=/p", "-plugins-directory=/d"]],
    ["two dashes", ["--kong-prefix", "/p", "--plugins-dir", "/d"]],
    ["a mix", ["--plugins-dir=/d", "-kong-prefix", "/p"]],
  ])("understands the flags of %s", (_name, argv) => {
    expect(parse(...argv)).toMatchObject({ command: "serve", options: { ...SERVING, kongPrefix: "/p" } });
  });

  it("takes every flag", () => {
    const argv = [
      "-plugins-dir=/d",
      "-socket=/s",
      "-socket-mode=0660",
      "-threads=4",
      "-pdk-match=compatible",
      "-event-timeout=20s",
      "-instance-timeout=5m",
      "-log-level=debug",
      "-log-format=json",
    ];
    expect(parse(...argv)).toMatchObject({
      command: "serve",
      options: {
        pluginsDirectory: "/d",
        pdkMatch: "compatible",
        log: { level: "debug", format: "json" },
        socket: "/s",
        socketMode: 0o660,
        threads: 4,
        eventTimeout: 20_000,
        instanceTimeout: 300_000,
      },
    });
  });

  it("the last of two equal flags counts", () => {
    expect(parse("-plugins-dir", "/a", "-plugins-directory", "/d")).toMatchObject({ options: { pluginsDirectory: "/d" } });
  });

  it("`false` takes a flag back", () => {
    expect(parse("-plugins-dir", "/d", "-dump-all-plugins=false")).toMatchObject({ command: "serve" });
  });
});

describe("dumps", () => {
  it.each<[readonly string[], object]>([
    [["-dump-all-plugins"], { command: "dump-all" }],
    [["-dump-all-plugins=true"], { command: "dump-all" }],
    [["-dump"], { command: "dump-all" }],
    [["-dump", "hello"], { command: "dump", name: "hello" }],
    [["-dump=hello"], { command: "dump", name: "hello" }],
    [["-dump-plugin-info", "hello"], { command: "dump-plugin-info", name: "hello" }],
    [["-dump-plugin-info=hello"], { command: "dump-plugin-info", name: "hello" }],
  ])("%j", (argv, expected) => {
    expect(parse("-plugins-dir", "/d", ...argv)).toMatchObject({ ...expected, options: LOADING });
    expect(parse(...argv, "-plugins-dir", "/d")).toMatchObject({ ...expected, options: LOADING });
  });
});

describe("try", () => {
  it("needs nothing", () => {
    expect(parse("try")).toMatchObject({
      command: "try",
      options: { ...SERVING, pluginsDirectory: "", port: 8000, config: undefined },
    });
  });

  it("takes the flags before it and behind it", () => {
    const expected = { command: "try", options: { pluginsDirectory: "/d", port: 9000, config: "/c.yaml" } };
    expect(parse("try", "-plugins-dir", "/d", "-port=9000", "-config", "/c.yaml")).toMatchObject(expected);
    expect(parse("-plugins-dir", "/d", "-port=9000", "-config", "/c.yaml", "try")).toMatchObject(expected);
  });
});

describe("version and help", () => {
  it.each([["-version"], ["--version"], ["-v"], ["-version", "-plugins-dir", "/d"]])("%s", (...argv) => {
    expect(parse(...argv)).toEqual({ command: "version" });
  });

  it.each([["-help"], ["--help"], ["-h"], ["-help", "-version"]])("%s", (...argv) => {
    expect(parse(...argv)).toMatchObject({ command: "help" });
  });

  it("the help names every flag, as flags are written here", () => {
    const invocation = parse("-help");
    const help = invocation.command === "help" ? invocation.text.replaceAll(/\s+/g, " ") : "";
    const flags = [...readFileSync(SOURCE, "utf8").matchAll(/option\("--([a-z-]+)/g)].map(([, flag = ""]) => flag);
    expect(flags).toEqual(
      expect.arrayContaining([
        "kong-prefix",
        "plugins-dir",
        "socket",
        "socket-mode",
        "threads",
        "dump",
        "dump-all-plugins",
        "dump-plugin-info",
        "version",
        "help",
      ]),
    );
    for (const flag of [...flags, "plugins-directory"]) expect(help).toMatch(new RegExp(`[ (]-${flag}\\b`));
    expect(help).not.toMatch(/ --[a-z]/);
    expect(help).toContain("try");
    for (const text of ["/usr/local/kong", "0600", "50s", "60s", "exact", "8000"]) expect(help).toContain(`default: "${text}"`);
  });
});

describe("command lines that cannot be understood", () => {
  it.each<[readonly string[], string]>([
    [[], "-plugins-dir is missing"],
    [["-dump-all-plugins"], "-plugins-dir is missing"],
    [["-plugins-dir", "/d", "-nonsense"], "unknown flag '-nonsense'"],
    [["-plugins-dir", "/d", "--nonsense=5"], "unknown flag '-nonsense"],
    [["-plugins-dir"], "'-plugins-dir <path>' argument missing"],
    [["-plugins-dir", "/d", "-dump-plugin-info"], "'-dump-plugin-info <name>' argument missing"],
    [["serve", "-plugins-dir", "/d"], 'there is no command "serve"'],
    [["-plugins-dir", "/d", "-threads", "0"], "-threads takes a whole number"],
    [["-plugins-dir", "/d", "-threads", "-5"], '-threads takes a whole number from 1 on, not "-5"'],
    [["-plugins-dir", "/d", "-socket-mode", "999"], "-socket-mode takes permission bits"],
    [["-plugins-dir", "/d", "-event-timeout", "soon"], "-event-timeout takes a duration"],
    [["-plugins-dir", "/d", "-instance-timeout", "0"], "-instance-timeout takes a duration"],
    [["-plugins-dir", "/d", "-pdk-match", "any"], "-pdk-match is one of exact, compatible"],
    [["-plugins-dir", "/d", "-log-level", "loud"], "-log-level is one of trace, debug"],
    [["-plugins-dir", "/d", "-log-format", "xml"], "-log-format is one of text, json"],
    [["-plugins-dir", "/d", "-dump", "-log-level", "loud"], "-log-level is one of"],
    [["try", "-port", "x"], "-port takes a whole number"],
    [["try", "again"], "too many arguments"],
    [["-plugins-dir", "/d", "-dump-all-plugins=maybe"], "-dump-all-plugins=maybe"],
    [["-plugins-dir", "/d", "-version=maybe"], "-version=maybe"],
  ])("%j", (argv, text) => {
    const run = (): Invocation => parseCommandLine(argv);
    expect(run).toThrow(UsageError);
    expect(run).toThrow(text);
    try {
      run();
    } catch (error) {
      // One line, and no word of the parser's own flag style.
      expect(String(error)).not.toMatch(/\n|'--/);
    }
  });
});

describe("values that look like flags", () => {
  it("are values behind a flag that takes one, as Go has it", () => {
    expect(parse("-plugins-dir", "-d", "-socket", "-x=true")).toMatchObject({
      command: "serve",
      options: { pluginsDirectory: "-d", socket: "-x=true" },
    });
    expect(parse("-plugins-dir", "-h")).toMatchObject({ command: "serve", options: { pluginsDirectory: "-h" } });
  });
});

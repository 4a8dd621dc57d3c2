// The command line as a whole: which command it is, with what, and what is refused.
import { describe, expect, it } from "vitest";
import { FLAGS } from "../../../../../src/apps/flags/index.js";
import type { Invocation } from "../../../../../src/apps/cli/command-line/invocation.js";
import { parseCommandLine } from "../../../../../src/apps/cli/command-line/options.js";
import { UsageError } from "../../../../../src/core/model/index.js";

const parse = (...argv: string[]): Invocation => parseCommandLine(argv);
const LOADING = { pluginsDirectory: "/d", pdkMatch: "exact", log: { level: "info", format: "text" } };
const SERVING = {
  ...LOADING,
  kongPrefix: "/usr/local/kong",
  socket: undefined,
  socketMode: 0o600,
  threads: 1,
  eventTimeout: 50_000,
  instanceTimeout: 86_400_000,
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
      /-sign is not for -standalone and -executable: a gateway/,
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

describe("command lines of the servers that were there before", () => {
  const JS = "/usr/local/kong/js_pluginserver.sock";
  const serving = (options: object): object => ({ command: "serve", options: { pluginsDirectory: "/d", ...options } });
  const DEBUG = { log: { level: "debug", format: "text" } };

  it.each<[string, string, object]>([
    ["kong-js-pluginserver, as its README has it", "-v --plugins-directory /d", serving({ socket: JS, ...DEBUG })],
    ["kong-js-pluginserver", "--plugins-directory /d", serving({ socket: JS, log: { level: "info" } })],
    ["kong-js-pluginserver, in letters", "-p /p -d /d", serving({ kongPrefix: "/p", socket: "/p/js_pluginserver.sock" })],
    ["kong-js-pluginserver, letters together", "-vvd /d", serving({ socket: JS, ...DEBUG })],
    [
      "kong-js-pluginserver, a path behind its letter",
      "-d/d -p./p",
      serving({ socket: "p/js_pluginserver.sock", kongPrefix: "./p" }),
    ],
    ["kong-js-pluginserver, many -v", "-v -v --verbose -d /d", serving({ socket: JS, ...DEBUG })],
    ["kong-js-pluginserver, a socket's name", "-d /d --sock-name a.sock -p /p", serving({ socket: "/p/a.sock" })],
    [
      "kong-js-pluginserver, a level that counts more",
      "-v -d /d -log-level warn",
      serving({ log: { level: "warn", format: "text" } }),
    ],
    ["kong-js-pluginserver, asked for all", "--plugins-directory /d --dump-all-plugins", { command: "dump-all" }],
    ["kong-js-pluginserver, asked for one", "-d /d --dump-plugin-info hello", { command: "dump-plugin-info", name: "hello" }],
    ["kong-python-pdk's server", "--plugins-directory /d --socket-name py.sock", serving({ socket: "/usr/local/kong/py.sock" })],
    ["go-pluginserver", "-kong-prefix /p -plugins-directory /d", serving({ kongPrefix: "/p", socket: undefined })],
    ["go-pluginserver, two dashes", "--kong-prefix=/p -plugins-directory /d", serving({ socket: undefined })],
    ["go-pluginserver, asked for all", "-kong-prefix /p -plugins-directory /d -dump-all-plugins", { command: "dump-all" }],
    ["this one, with a socket", "-v -plugins-dir /d -socket /s", serving({ socket: "/s", ...DEBUG })],
    [
      "this one, with a value like a flag",
      "-plugins-dir -v -socket -p",
      { command: "serve", options: { pluginsDirectory: "-v", socket: "-p" } },
    ],
  ])("%s: %s", (_server, line, expected) => {
    expect(parse(...line.split(" "))).toMatchObject(expected);
  });

  it("kong-conf says it in the terms of this server", () => {
    const invocation = parse("kong-conf", "-kong-version", "3.4", "-d", "/d", "-v", "--sock-name", "a.sock");
    expect(invocation).toMatchObject({
      options: {
        server: {
          socket: "/usr/local/kong/a.sock",
          startFlags: [
            { name: "socket", value: "/usr/local/kong/a.sock" },
            { name: "log-level", value: "debug" },
          ],
        },
      },
    });
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
  it.each([["-version"], ["--version"], ["-version", "-plugins-dir", "/d"]])("%s", (...argv) => {
    expect(parse(...argv)).toEqual({ command: "version" });
  });

  it.each([["-help"], ["--help"], ["-h"], ["-help", "-version"]])("%s", (...argv) => {
    expect(parse(...argv)).toMatchObject({ command: "help" });
  });

  it("the help names every flag, as flags are written here", () => {
    const invocation = parse("-help");
    const help = invocation.command === "help" ? invocation.text.replaceAll(/\s+/g, " ") : "";
    const flags: string[] = FLAGS.map(({ name }) => name);
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
    for (const text of ["/usr/local/kong", "0600", "50s", "24h", "exact", "8000"]) expect(help).toContain(`default: "${text}"`);
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
    [["-v"], "-plugins-dir is missing: say where the plugins are (-v makes the log verbose, -version prints the version)"],
    [["-d", "/d", "--sock-name", "a", "-socket", "/b"], "-socket and -sock-name name the same socket"],
    [["-d", "/d", "-m"], "-m is a flag of kong-python-pdk's server and has no meaning here: each plugin runs in isolates"],
    [["-d", "/d", "-g"], "leave it out"],
    [["-d", "/d", "--listen-queue-size", "9"], "leave it out"],
    [["-plugins-dir", ""], "-plugins-dir takes a path"],
    [["-plugins-dir=/d", "-kong-prefix="], "-kong-prefix takes a path"],
    [["-plugins-dir=/d", "-sock-name="], "-sock-name takes a path"],
    [["-plugins-dir=/d", "-socket", ""], "-socket takes a path"],
    [
      ["-d", "/d", "-dump-all-plugins", "-dump-plugin-info", "a"],
      "-dump-all-plugins and -dump-plugin-info are different commands",
    ],
    [["-d", "/d", "-dump", "-version"], "-dump and -version are different commands"],
    [["check", "-version"], "check and -version are different commands"],
    [["check", "-dump"], "check and -dump are different commands"],
    [["check", "/a", "-plugins-dir", "/b"], "check takes one directory, not 2"],
    [["nonsense", "-help"], 'there is no command "nonsense"'],
    [["nonsense", "-version"], 'there is no command "nonsense"'],
    [["-log-level", "info", "run", "p.js"], "run stands in front of all flags"],
    [["-plugins-dir", "/d", "-json"], "-json is a flag of check"],
    [["check", "-port", "9"], "-port is a flag of try"],
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

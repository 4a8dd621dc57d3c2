// The lines of kong.conf for every release of the gateway, each row as docs of the wire have it, and what is refused.
import { describe, expect, it } from "vitest";
import {
  type ConfiguredServer,
  findKongRelease,
  kongSettings,
  type ServingMode,
  settingsText,
} from "../../../../src/gateways/kong/conf/index.js";
import { serverFlags } from "../../../../src/apps/flags/index.js";
import { CommandError, UsageError } from "../../../../src/core/model/index.js";

const EXE = "/opt/pluginserver/bin/pluginserver";
const DIR = "/etc/kong/plugins";
const START = `${EXE} -kong-prefix /usr/local/kong -plugins-dir ${DIR}`;
const SERVER: ConfiguredServer = {
  executable: EXE,
  pluginsDirectory: DIR,
  plugins: ["hello", "my-other"],
  kongPrefix: "/usr/local/kong",
  socket: undefined,
  pluginSockets: undefined,
  // Chosen: what kong-conf chooses by itself stands in a test of its own.
  protocol: "MsgPack:1",
  startFlags: [],
  queryFlags: [],
};

const conf = (version: string, mode: ServingMode, server: Partial<ConfiguredServer> = {}): string[] =>
  settingsText(kongSettings({ ...SERVER, ...server }, findKongRelease(version), mode), "conf")
    .trimEnd()
    .split("\n");

const LIST = [
  "# What you load already stays in this list; bundled stands for the plugins that Kong brings along.",
  "plugins = bundled,hello,my-other",
];
const ONE_ENTRY = [
  ...LIST,
  "pluginserver_names = ts",
  "pluginserver_ts_socket = /usr/local/kong/go_pluginserver.sock",
  `pluginserver_ts_start_cmd = ${START}`,
  `pluginserver_ts_query_cmd = ${EXE} -plugins-dir ${DIR} -dump-all-plugins`,
];
const FIRST_STARTS =
  "# The first entry starts the server for all. Kong starts /usr/local/bin/ENTRY, where there is one, for the others: keep none there.";
const NEEDS_START = "runs only plugins whose entry has a start command: the others get one that does nothing for ever.";
const FIRST_COUNTS = "looks only at the first plugin of a dump, and does not start where a second one is needed: one entry each.";
const SOCKET_EACH = (starts: readonly string[]): string[] => [
  "pluginserver_names = hello,my-other",
  "pluginserver_hello_socket = /usr/local/kong/hello.socket",
  `pluginserver_hello_start_cmd = ${START} -plugin-sockets /usr/local/kong`,
  `pluginserver_hello_query_cmd = ${EXE} -plugins-dir ${DIR} -dump hello`,
  "pluginserver_my_other_socket = /usr/local/kong/my-other.socket",
  ...starts,
  `pluginserver_my_other_query_cmd = ${EXE} -plugins-dir ${DIR} -dump my-other`,
];
const IDLE = ["pluginserver_my_other_start_cmd = /usr/bin/tail -f /dev/null"];
const EXECUTABLES =
  "# Each plugin is an executable /usr/local/bin/NAME, made with: pluginserver build -standalone PLUGIN -out DIR";
const EXECUTABLE_EACH = [
  ...LIST,
  EXECUTABLES,
  "pluginserver_names = hello,my-other",
  "pluginserver_hello_socket = /usr/local/kong/hello.socket",
  "pluginserver_hello_start_cmd = /usr/local/bin/hello",
  "pluginserver_hello_query_cmd = /usr/local/bin/hello -dump",
  "pluginserver_my_other_socket = /usr/local/kong/my-other.socket",
  "pluginserver_my_other_start_cmd = /usr/local/bin/my-other",
  "pluginserver_my_other_query_cmd = /usr/local/bin/my-other -dump",
];

describe.each(["2.0", "2.1", "2.2"])("Kong %s, legacy mode alone", (version) => {
  it("shared", () => {
    expect(conf(version, "shared")).toEqual([
      `# Kong ${version} has one plugin server. It adds -kong-prefix and -plugins-directory, and asks for each plugin with`,
      "# -dump-plugin-info; the socket is PREFIX/go_pluginserver.sock, the protocol MsgPack:1.",
      ...LIST,
      `go_pluginserver_exe = ${EXE}`,
      `go_plugins_dir = ${DIR}`,
    ]);
  });

  it.each(["per-plugin", "standalone"] as const)("%s is refused", (mode) => {
    expect(() => conf(version, mode)).toThrow(CommandError);
    expect(() => conf(version, mode)).toThrow(new RegExp(`Kong ${version} has one plugin server.*use -mode shared`));
  });

  it("flags that it does not pass on are refused, with a way out", () => {
    const startFlags = [{ name: "socket", value: "/run/x.sock" }, { name: "no-watch" }];
    expect(() => conf(version, "shared", { startFlags })).toThrow(
      `Kong ${version} makes the command line itself and passes no -socket, -no-watch: leave it out, or name an executable ` +
        `script with the line  exec ${EXE} -socket /run/x.sock -no-watch "$@"  as go_pluginserver_exe`,
    );
  });

  it("an executable that it cannot start is refused", () => {
    expect(() => conf(version, "shared", { executable: "/opt/a b/pluginserver" })).toThrow(
      /cannot start \/opt\/a b\/pluginserver/,
    );
  });
});

describe("Kong 2.3, where legacy mode does not work and a dump is a bare array", () => {
  const head = "# go_plugins_dir and go_pluginserver_exe do not work in Kong 2.3, for a bug of it: remove them.";

  it("shared", () => expect(conf("2.3", "shared")).toEqual([head, ...ONE_ENTRY]));
  it("per-plugin", () => expect(conf("2.3", "per-plugin")).toEqual([head, ...LIST, FIRST_STARTS, ...SOCKET_EACH([])]));
  it("standalone is refused", () =>
    expect(() => conf("2.3", "standalone")).toThrow(/Kong 2\.3 reads dumps that are a bare array/));
  it.each(["shared", "per-plugin"] as const)("%s cannot announce ProtoBuf:1", (mode) => {
    expect(() => conf("2.3", mode, { protocol: "ProtoBuf:1" })).toThrow(/ProtoBuf:1 needs Kong 2\.4 or newer/);
    expect(() => conf("2.4", mode, { protocol: "ProtoBuf:1" })).not.toThrow();
  });
});

const afterwards = (version: string, what: string): string => `# Kong ${version} ${what}: remove them.`;
const LEGACY_OTHER = "reads go_plugins_dir and go_pluginserver_exe only where pluginserver_names is not set";
const LEGACY_GONE = "no longer knows go_plugins_dir and go_pluginserver_exe";

describe.each([
  ...["2.4", "2.5", "2.6", "2.7", "2.8"].map((version) => [version, LEGACY_OTHER] as const),
  ...["3.0", "3.5", "3.6", "3.7", "3.8"].map((version) => [version, LEGACY_GONE] as const),
])("Kong %s", (version, legacy) => {
  const head = afterwards(version, legacy);

  it("shared: every plugin of one dump", () => expect(conf(version, "shared")).toEqual([head, ...ONE_ENTRY]));
  it("per-plugin", () => expect(conf(version, "per-plugin")).toEqual([head, ...LIST, FIRST_STARTS, ...SOCKET_EACH([])]));
  it("standalone", () => expect(conf(version, "standalone")).toEqual([head, ...EXECUTABLE_EACH]));
});

describe.each(["3.1", "3.2", "3.3", "3.4"])("Kong %s, which runs only plugins of entries with a start command", (version) => {
  const head = afterwards(version, LEGACY_GONE);

  it("shared: the one entry has it", () => expect(conf(version, "shared")).toEqual([head, ...ONE_ENTRY]));
  it("per-plugin: the others get one that does nothing", () =>
    expect(conf(version, "per-plugin")).toEqual([head, ...LIST, `# Kong ${version} ${NEEDS_START}`, ...SOCKET_EACH(IDLE)]));
  it("standalone: each has its own", () => expect(conf(version, "standalone")).toEqual([head, ...EXECUTABLE_EACH]));
});

describe("Kong 3.9, where the first plugin of a dump counts and an executable needs no settings", () => {
  const head = afterwards("3.9", LEGACY_GONE);
  const first = `# Kong 3.9 ${FIRST_COUNTS}`;

  it("shared: one entry each, one socket, one start command", () =>
    expect(conf("3.9", "shared")).toEqual([
      head,
      ...LIST,
      first,
      FIRST_STARTS,
      "pluginserver_names = hello,my-other",
      "pluginserver_hello_socket = /usr/local/kong/go_pluginserver.sock",
      `pluginserver_hello_start_cmd = ${START}`,
      `pluginserver_hello_query_cmd = ${EXE} -plugins-dir ${DIR} -dump hello`,
      "pluginserver_my_other_socket = /usr/local/kong/go_pluginserver.sock",
      `pluginserver_my_other_query_cmd = ${EXE} -plugins-dir ${DIR} -dump my-other`,
    ]));
  it("per-plugin", () => expect(conf("3.9", "per-plugin")).toEqual([head, ...LIST, first, FIRST_STARTS, ...SOCKET_EACH([])]));
  it("standalone: its defaults do", () =>
    expect(conf("3.9", "standalone")).toEqual([
      head,
      ...LIST,
      EXECUTABLES,
      "# Kong 3.9 starts /usr/local/bin/NAME, asks it with -dump, and takes the socket PREFIX/NAME.socket, by itself.",
      "pluginserver_names = hello,my-other",
    ]));
  it("standalone: what its defaults do not find is said", () => {
    expect(conf("3.9", "standalone", { plugins: ["Hello"] }).slice(-4)).toEqual([
      "pluginserver_names = hello",
      "pluginserver_hello_socket = /usr/local/kong/Hello.socket",
      "pluginserver_hello_start_cmd = /usr/local/bin/Hello",
      "pluginserver_hello_query_cmd = /usr/local/bin/Hello -dump",
    ]);
    const { startFlags } = serverFlags(
      new Map([
        ["threads", "2"],
        ["protocol", "ProtoBuf:1"],
        ["trust", "/key.pub"],
      ]),
    );
    expect(conf("3.9", "standalone", { plugins: ["hello"], startFlags, kongPrefix: "/kong" }).slice(-3)).toEqual([
      "pluginserver_hello_socket = /kong/hello.socket",
      "pluginserver_hello_start_cmd = /usr/local/bin/hello -kong-prefix /kong -protocol ProtoBuf:1 -threads 2",
      "pluginserver_hello_query_cmd = /usr/local/bin/hello -protocol ProtoBuf:1 -dump",
    ]);
  });
  it.each(["socket", "plugin-sockets", "isolation", "inspect"] as const)("standalone: -%s is refused", (name) => {
    expect(() => conf("3.9", "standalone", { ...serverFlags(new Map([[name, "x"]])) })).toThrow(
      `-${name} is not for a plugin that is a program`,
    );
  });
});

describe("releases", () => {
  it.each(["3.4.2", "3.4.3.12", "v3.4", "3.4.0-rc.1"])("%s is 3.4", (version) =>
    expect(findKongRelease(version).name).toBe("3.4"),
  );
  it.each(["3.10", "3.12.0.1", "4.0"])("%s is later than what is known, and gets the newest rules", (version) => {
    const name = /^\d+\.\d+/.exec(version)?.[0] ?? "";
    const comment = `# Kong ${name} came after this server: these are the lines for Kong 3.9, the newest that it was tried with.`;
    for (const mode of ["shared", "per-plugin"] as const)
      expect(conf(version, mode)).toEqual([
        comment,
        ...conf("3.9", mode).map((line) => line.replaceAll("Kong 3.9", `Kong ${name}`)),
      ]);
  });

  it.each(["1.5", "2.9", "3", "latest", ""])("%s is not known", (version) => {
    expect(() => findKongRelease(version)).toThrow(UsageError);
    expect(() => findKongRelease(version)).toThrow(`-kong-version ${version} is not known: known are 2.0 to 2.8, 3.0 to 3.9`);
  });
});

describe("what the server has been told", () => {
  it("a socket is the entry's, its flag the start command's, and what a dump needs the query's", () => {
    const trust = { name: "trust", value: "/etc/kong/a key.pub" };
    const startFlags = [{ name: "socket", value: "/run/ts.sock" }, trust, { name: "no-parent-watch" }];
    expect(conf("3.4", "shared", { socket: "/run/ts.sock", startFlags, queryFlags: [trust] }).slice(-3)).toEqual([
      "pluginserver_ts_socket = /run/ts.sock",
      `pluginserver_ts_start_cmd = ${START} -socket /run/ts.sock -trust /etc/kong/a\\ key.pub -no-parent-watch`,
      `pluginserver_ts_query_cmd = ${EXE} -plugins-dir ${DIR} -trust /etc/kong/a\\ key.pub -dump-all-plugins`,
    ]);
  });

  it("a folder for the sockets is taken as it is", () => {
    const startFlags = [{ name: "plugin-sockets", value: "/run/kong" }];
    expect(conf("3.9", "per-plugin", { pluginSockets: "/run/kong", startFlags, plugins: ["hello"] }).slice(-3)).toEqual([
      "pluginserver_hello_socket = /run/kong/hello.socket",
      `pluginserver_hello_start_cmd = ${START} -plugin-sockets /run/kong`,
      `pluginserver_hello_query_cmd = ${EXE} -plugins-dir ${DIR} -dump hello`,
    ]);
  });

  it("names of entries are what Kong makes of them, and no two are one", () => {
    const lines = conf("3.9", "shared", { plugins: ["My.Plugin", "a-b", "a_b"] });
    expect(lines).toContain("plugins = bundled,My.Plugin,a-b,a_b");
    expect(lines).toContain("pluginserver_names = my_plugin,a-b,a_b_2");
    expect(lines.filter((line) => /_query_cmd/.test(line)).map((line) => line.replace(/=.*-dump/, "="))).toEqual([
      "pluginserver_my_plugin_query_cmd = My.Plugin",
      "pluginserver_a_b_query_cmd = a-b",
      "pluginserver_a_b_2_query_cmd = a_b",
    ]);
  });
});

describe("the protocol, where none is given", () => {
  const choose = (version: string, mode: ServingMode = "shared", server: Partial<ConfiguredServer> = {}): string[] =>
    conf(version, mode, { protocol: "auto", ...server });
  const reasons = (lines: readonly string[]): string[] => lines.filter((line) => /^# (?:MsgPack:1|ProtoBuf:1|With)/.test(line));
  const announces = (lines: readonly string[]): string[] =>
    lines.filter((line) => line.includes("_query_cmd =") && line.includes(" -protocol ProtoBuf:1 -dump"));
  const starts = (lines: readonly string[]): string[] => lines.filter((line) => line.includes("_start_cmd = "));

  it.each([
    ["2.2", []],
    ["2.3", []],
    ["2.4", [/^# MsgPack:1: over ProtoBuf:1 Kong 2\.4 lacks kong\.ctx\.shared, and /]],
    ["2.8", [/^# MsgPack:1: over ProtoBuf:1 Kong 2\.8 lacks kong\.ctx\.shared, and /]],
    ["3.0", [/^# MsgPack:1: over ProtoBuf:1 Kong 3\.0 lacks kong\.ctx\.shared\.$/]],
    ["3.2", [/^# MsgPack:1: over ProtoBuf:1 Kong 3\.2 lacks kong\.ctx\.shared\.$/]],
    ["3.3", [/^# MsgPack:1: .* until Kong is reloaded /]],
    ["3.5", [/^# MsgPack:1: .* until Kong is reloaded /]],
    ["3.6", [/^# MsgPack:1: .* wait 10 s /]],
    ["3.7", [/^# MsgPack:1: .* wait 10 s /]],
  ] as const)("Kong %s is told to speak MsgPack:1, with the reason", (version, expected) => {
    const lines = choose(version);
    expect(announces(lines)).toEqual([]);
    expect(reasons(lines)).toEqual(expected.map((pattern) => expect.stringMatching(pattern) as string));
  });

  it.each([
    ["3.8", "shared", 1],
    ["3.8", "per-plugin", 2],
    ["3.9", "shared", 2],
    ["3.9", "per-plugin", 2],
    ["3.11", "shared", 2],
  ] as const)("Kong %s, %s, is told to speak ProtoBuf:1, and the server speaks both", (version, mode, queries) => {
    const lines = choose(version, mode);
    expect(announces(lines)).toHaveLength(queries);
    expect(reasons(lines)).toEqual([expect.stringMatching(/^# ProtoBuf:1: over MsgPack:1 Kong 3\.\d+ lets requests through /)]);
    expect(starts(lines).some((line) => line.includes("-protocol"))).toBe(false);
  });

  const LOST = { text: "kong.request.get_raw_path (hello.ts:3), which is not in ProtoBuf:1", decides: true };
  const LESS = { text: "kong.router.get_route (other.ts:7), which has no ws_id in ProtoBuf:1", decides: false };
  const lossesOf = new Map([
    ["hello", [LOST]],
    ["my-other", [LESS]],
  ]);

  it("one plugin that would lose a function keeps all on one socket with MsgPack:1, and is named", () => {
    for (const version of ["3.8", "3.9"]) {
      const lines = choose(version, "shared", { lossesOf });
      expect(announces(lines)).toEqual([]);
      expect(reasons(lines)).toEqual([
        `# MsgPack:1: plugin hello calls ${LOST.text}.`,
        "# With -mode per-plugin my-other would have ProtoBuf:1.",
      ]);
    }
  });

  it("with a socket each it keeps itself alone, and what the others get less of is said", () => {
    const lines = choose("3.9", "per-plugin", { lossesOf });
    expect(announces(lines)).toEqual([
      `pluginserver_my_other_query_cmd = ${EXE} -plugins-dir ${DIR} -protocol ProtoBuf:1 -dump my-other`,
    ]);
    expect(reasons(lines).slice(1)).toEqual([
      `# MsgPack:1 for hello: plugin hello calls ${LOST.text}.`,
      `# ProtoBuf:1, look at plugin my-other: it calls ${LESS.text}.`,
    ]);
  });

  it("a program is asked for it, where Kong 3.9 does the rest by itself, and each has its own", () => {
    expect(choose("3.9", "standalone", { lossesOf }).slice(-2)).toEqual([
      "pluginserver_names = hello,my-other",
      "pluginserver_my_other_query_cmd = /usr/local/bin/my-other -protocol ProtoBuf:1 -dump",
    ]);
    expect(announces(choose("3.8", "standalone"))).toHaveLength(2);
    expect(announces(choose("3.7", "standalone"))).toEqual([]);
  });

  it("one that is given holds, and what it costs is said", () => {
    const given = [{ name: "protocol", value: "ProtoBuf:1" }];
    const lines = conf("3.4", "shared", { protocol: "ProtoBuf:1", startFlags: given, queryFlags: given, lossesOf });
    expect(announces(lines)).toHaveLength(1);
    expect(reasons(lines)).toEqual([
      `# ProtoBuf:1, look at plugin hello: it calls ${LOST.text}.`,
      `# ProtoBuf:1, look at plugin my-other: it calls ${LESS.text}.`,
    ]);
    const auto = [{ name: "protocol", value: "auto" }];
    expect(reasons(choose("3.9", "shared", { startFlags: auto, queryFlags: auto, lossesOf }))).toEqual([]);
  });
});

describe("formats", () => {
  const settings = [
    { comment: "a comment" },
    { key: "plugins", value: "bundled,hello" },
    { key: "pluginserver_my_ts_start_cmd", value: "/opt/x -plugins-dir /a\\ b\\#c -env it\\'s" },
  ];

  it.each([
    [
      "conf",
      ["# a comment", "plugins = bundled,hello", "pluginserver_my_ts_start_cmd = /opt/x -plugins-dir /a\\ b\\#c -env it\\'s"],
    ],
    [
      "env",
      [
        "# a comment",
        "KONG_PLUGINS=bundled,hello",
        "KONG_PLUGINSERVER_MY_TS_START_CMD='/opt/x -plugins-dir /a\\ b\\#c -env it\\'\\''s'",
      ],
    ],
    [
      "env-file",
      [
        "# a comment",
        "KONG_PLUGINS=bundled,hello",
        "KONG_PLUGINSERVER_MY_TS_START_CMD=/opt/x -plugins-dir /a\\ b\\#c -env it\\'s",
      ],
    ],
  ] as const)("%s", (format, lines) => expect(settingsText(settings, format).trimEnd().split("\n")).toEqual(lines));

  it("conf escapes what would begin a comment, in what is no command too", () => {
    expect(settingsText([{ key: "pluginserver_ts_socket", value: "/run/#1.sock" }], "conf")).toBe(
      "pluginserver_ts_socket = /run/\\#1.sock\n",
    );
  });
});

describe("a folder that leaves a socket's path too long for every gateway", () => {
  const kongPrefix = `/${"p".repeat(100)}`;

  it.each(["2.0", "2.3", "2.8", "3.4", "3.9"])("shared, Kong %s", (version) => {
    expect(() => conf(version, "shared", { kongPrefix })).toThrow(/go_pluginserver\.sock needs 122 bytes, 107 are allowed/);
  });

  it.each(["per-plugin", "standalone"] as const)("%s", (mode) => {
    expect(() => conf("3.9", mode, { kongPrefix })).toThrow(/hello\.socket needs 114 bytes, 107 are allowed/);
  });
});

// What listens first reads a command line as the parsers do that have the last word: a flag that it misreads would cost the supervisor.
import { expect, it } from "vitest";
import type { ServeOptions } from "../../../../src/apps/cli/command-line/invocation.js";
import { parseCommandLine } from "../../../../src/apps/cli/command-line/options.js";
import { type Flag, FLAGS, PROGRAM_FLAGS, programPlan, serverPlan } from "../../../../src/apps/flags/index.js";

const serves = ({ isAction, commands = ["serve"] }: Flag): boolean => isAction === undefined && commands.includes("serve");
const written = ({ name, kind }: Flag): string[] => (kind === "switch" ? [`-${name}`] : [`-${name}`, "0600"]);

it.each(FLAGS.filter(({ name }) => !["tyk", "plugins-dir"].includes(name)).map((flag): [string, Flag] => [flag.name, flag]))(
  "-%s is known before the command is loaded, if it is the server's",
  (_name, flag) => {
    expect(serverPlan(["-plugins-dir", "/d", ...written(flag)]) !== undefined).toBe(serves(flag));
  },
);

it.each(PROGRAM_FLAGS.filter(({ name }) => name !== "tyk").map((flag): [string, Flag] => [flag.name, flag]))(
  "-%s of a program, too",
  (_name, flag) => {
    expect(programPlan(written(flag), "p") !== undefined).toBe(serves(flag));
  },
);

it.each([
  [["-plugins-dir", "/d"]],
  [["--plugins-directory", "/d"]],
  [["-d", "/d", "-p", "/k"]],
  [["-v", "-plugins-dir", "/d"]],
  [["-verbose", "-plugins-dir=/d", "-kong-prefix=/k", "-sock-name", "a.sock"]],
  [["--sock-name", "a.sock", "--plugins-directory", "/d", "--kong-prefix", "/k", "-v"]],
  [["-socket", "/s", "-d", "/d", "-socket-mode", "660"]],
])("%j has one socket, whoever reads it", (argv) => {
  const parsed = parseCommandLine(argv);
  expect(parsed.command).toBe("serve");
  const { socket, kongPrefix, socketMode } = "options" in parsed ? (parsed.options as ServeOptions) : ({} as ServeOptions);
  expect(serverPlan(argv)).toMatchObject({
    places: [{ name: "kong", path: socket ?? `${kongPrefix}/go_pluginserver.sock`, mode: socketMode }],
  });
});

it.each([
  [["-plugins-dir", "/d", "-socket", "/s", "-sock-name", "a"]],
  [["-plugins-dir", "/d", "-sock-name", ""]],
  [["-plugins-dir", "/d", "-dump-all-plugins"]],
  [["-plugins-dir", "/d", "-unheard-of"]],
  [["-kong-prefix", "/k"]],
])("%j is left to the command's own parser", (argv) => {
  expect(serverPlan(argv)).toBeUndefined();
});

const TYK = { name: "tyk", host: "127.0.0.1", port: 5555 };

it.each([
  [["-plugins-dir", "/d", "-tyk", "tcp://127.0.0.1:5555"], [TYK]],
  [["-bundles", "/b", "-tyk", "unix:///run/t.sock"], [{ name: "tyk", path: "/run/t.sock", mode: 0o600 }]],
  [
    ["-plugins-dir", "/d", "-tyk", "tcp://127.0.0.1:5555", "-kong-prefix", "/k"],
    [{ name: "kong", path: "/k/go_pluginserver.sock" }, TYK],
  ],
  [
    ["-plugins-dir", "/d", "-tyk", "tcp://127.0.0.1:5555", "-socket", "/s"],
    [{ name: "kong", path: "/s" }, TYK],
  ],
])("%j listens for Tyk, and for Kong where Kong is spoken of", (argv, places) => {
  expect(serverPlan(argv)?.places).toMatchObject(places);
  expect(serverPlan(argv)?.places).toHaveLength(places.length);
  expect(parseCommandLine(argv)).toMatchObject({ options: { tyk: { isAlone: places.length === 1 } } });
});

it.each([
  [["-plugins-dir", "/d", "-tyk", "tcp://127.0.0.1:0"]],
  [["-plugins-dir", "/d", "-tyk", "nowhere"]],
  [["-bundles", "/b"]],
  [["-bundles", "/b", "-tyk", "tcp://127.0.0.1:5555", "-socket", "/s"]],
])("%j is left to the command's own parser: no port, no address, or nothing for Kong", (argv) => {
  expect(serverPlan(argv)).toBeUndefined();
});

// Owns comparing what listens first with the parsers that have the last word: a flag that only they know would cost the supervisor.
import { describe, expect, it } from "vitest";
import type { ServeOptions } from "../../../../src/apps/cli/invocation.js";
import { parseCommandLine } from "../../../../src/apps/cli/options.js";
import { createProgram } from "../../../../src/apps/cli/program.js";
import { FLAGS } from "../../../../src/apps/program/flags.js";
import { programGrammar, SERVER_GRAMMAR } from "../../../../src/apps/cli/serve-flags.js";
import { type FlagGrammar, servePlan } from "../../../../src/apps/cli/serve-plan.js";

/** With these nothing is served, or not by the command that a gateway starts. */
const NOT_SERVING = [
  ...["dump-all-plugins", "dump", "dump-plugin-info", "version", "help"],
  ...["port", "config", "out", "sign", "standalone", "json", "types", "no-types", "kong-version", "mode", "format"],
  ...["tyk-version", "oas", "manifest"],
];

const known = ({ valued, switches }: FlagGrammar): string[] => [...[...valued].map((name) => `${name} VALUE`), ...[...switches]];

describe("what listens first knows each flag that serves, and its kind", () => {
  it("of the server", () => {
    const flags = createProgram()
      .options.map(({ long, required }) => ({ name: (long ?? "").slice(2), required }))
      .filter(({ name }) => !NOT_SERVING.includes(name))
      .map(({ name, required }) => (required ? `${name} VALUE` : name));
    expect(known(SERVER_GRAMMAR).sort()).toEqual(flags.sort());
  });

  it("of a program", () => {
    const flags = (FLAGS as readonly { readonly name: string; readonly type?: string }[])
      .filter(({ name }) => !NOT_SERVING.includes(name))
      .map(({ name, type }) => (type === undefined ? name : `${name} VALUE`));
    expect(known(programGrammar("p")).sort()).toEqual(flags.sort());
  });
});

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
  expect(servePlan(argv, SERVER_GRAMMAR)).toMatchObject({
    path: socket ?? `${kongPrefix}/go_pluginserver.sock`,
    mode: socketMode,
  });
});

it.each([
  [["-plugins-dir", "/d", "-socket", "/s", "-sock-name", "a"]],
  [["-plugins-dir", "/d", "-sock-name", ""]],
  [["-plugins-dir", "/d", "-dump-all-plugins"]],
  [["-plugins-dir", "/d", "-unheard-of"]],
  [["-kong-prefix", "/k"]],
])("%j is left to the command's own parser", (argv) => {
  expect(servePlan(argv, SERVER_GRAMMAR)).toBeUndefined();
});

it.each([
  [["-plugins-dir", "/d", "-tyk", "tcp://127.0.0.1:5555"], undefined],
  [["-plugins-dir", "/d", "-tyk", "tcp://127.0.0.1:5555", "-kong-prefix", "/k"], "/k/go_pluginserver.sock"],
  [["-plugins-dir", "/d", "-tyk", "tcp://127.0.0.1:5555", "-socket", "/s"], "/s"],
])("%j listens for Kong where Kong is spoken of: %s", (argv, path) => {
  expect(servePlan(argv, SERVER_GRAMMAR)?.path).toBe(path);
  expect(parseCommandLine(argv)).toMatchObject({ options: { tyk: { isAlone: path === undefined } } });
});

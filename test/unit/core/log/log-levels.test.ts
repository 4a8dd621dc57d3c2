// Which lines are logged: by the server's level, by a plugin's own where it has one, and from the moment that it changes.
import { Writable } from "node:stream";
import { pino } from "pino";
import { expect, it } from "vitest";
import { LogLevels, type LogOptions } from "../../../../src/core/log/index.js";

/** A logger as the server's is made, with what it wrote. */
function logging(options: Pick<LogOptions, "level" | "plugins">) {
  const written: string[] = [];
  const levels = new LogLevels(options);
  const logger = pino(
    {
      level: levels.lowest,
      hooks: {
        logMethod(given, method, level) {
          if (levels.allow(given[0], level)) method.apply(this, given);
        },
      },
    },
    new Writable({
      write: (line: Buffer, _encoding, done) => {
        written.push((JSON.parse(line.toString()) as { msg: string }).msg);
        done();
      },
    }),
  );
  levels.govern(logger);
  const log = (level: "debug" | "info" | "warn", plugin?: string): void =>
    plugin === undefined ? logger[level](level) : logger[level]({ plugin }, `${plugin} ${level}`);
  return { levels, log, written };
}

it("a plugin's own level holds for its lines alone", () => {
  const { log, written } = logging({ level: "info", plugins: { chatty: "debug", quiet: "warn" } });
  for (const plugin of [undefined, "chatty", "quiet", "other"])
    for (const level of ["debug", "info", "warn"] as const) log(level, plugin);
  expect(written).toEqual([
    "info",
    "warn",
    "chatty debug",
    "chatty info",
    "chatty warn",
    "quiet warn",
    "other info",
    "other warn",
  ]);
});

it("levels change while the logger is in use", () => {
  const { levels, log, written } = logging({ level: "warn" });
  log("info", "hello");
  levels.set("debug", "hello");
  log("debug", "hello");
  log("info", "other");
  levels.set("debug");
  log("debug");
  levels.set("silent", "hello");
  log("warn", "hello");
  expect(written).toEqual(["hello debug", "debug"]);
  expect(levels.of("hello")).toBe("silent");
  expect(levels.of("other")).toBe("debug");
});

// The values of flags: read strictly, refused in one line that names flag and value.
import { describe, expect, it } from "vitest";
import { parseChoice, parseCount, parseDuration, parseLogLevels, parseMode } from "../../../../src/apps/flags/parse-value.js";
import { UsageError } from "../../../../src/core/model/index.js";

const expectUsageError = (run: () => unknown, text: string): void => {
  expect(run).toThrow(UsageError);
  expect(run).toThrow(`not "${text}"`);
  expect(run).toThrow("-flag ");
};

describe("durations", () => {
  it.each([
    ["50s", 50_000],
    ["500ms", 500],
    ["1m", 60_000],
    ["2h", 7_200_000],
    ["1.5s", 1500],
    ["30", 30_000],
    ["0.5", 500],
  ])("%s is %d ms", (text, milliseconds) => {
    expect(parseDuration("flag", text)).toBe(milliseconds);
  });

  it.each([
    "",
    "s",
    "0",
    "0s",
    "0.0ms",
    "-1s",
    "+1s",
    "1 s",
    "1d",
    "1s2",
    "1m30s",
    "1e3s",
    "1_000",
    ".5s",
    "1.s",
    "Infinity",
    "NaN",
    "0x10",
    "50S",
    "1s\n",
  ])("%j is none", (text) => {
    expectUsageError(() => parseDuration("flag", text), text);
  });
});

describe("whole numbers", () => {
  it.each([
    ["1", 1],
    ["8000", 8000],
    ["007", 7],
  ])("%s", (text, value) => {
    expect(parseCount("flag", text, 1)).toBe(value);
  });

  it.each(["", "0", "-1", "1.0", "1e3", "0x10", " 1", "1 ", "one", "99999999999999999999"])("%j is none", (text) => {
    expectUsageError(() => parseCount("flag", text, 1), text);
  });
});

it("a count can have another least value", () => {
  expect(parseCount("flag", "0", 0)).toBe(0);
  expect(() => parseCount("flag", "1", 2)).toThrow("from 2 on");
});

describe("permission bits", () => {
  it.each([
    ["0600", 0o600],
    ["600", 0o600],
    ["0o660", 0o660],
    ["777", 0o777],
    ["0000", 0],
  ])("%s", (text, mode) => {
    expect(parseMode("flag", text)).toBe(mode);
  });

  it.each(["", "0", "66", "0888", "01777", "0600 ", "rw", "-600", "0x180"])("%j are none", (text) => {
    expectUsageError(() => parseMode("flag", text), text);
  });
});

describe("choices", () => {
  it("are one of them", () => {
    expect(parseChoice("flag", "b", ["a", "b"])).toBe("b");
  });

  it.each(["", "c", "A", "toString"])("%j is none of them, and they are named", (text) => {
    expectUsageError(() => parseChoice("flag", text, ["a", "b"]), text);
    expect(() => parseChoice("flag", text, ["a", "b"])).toThrow("one of a, b");
  });
});

describe("levels of the log", () => {
  it.each([
    ["warn", { level: "warn" }],
    ["hello=debug", { level: "info", plugins: { hello: "debug" } }],
    ["info,hello=debug,a=b=silent", { level: "info", plugins: { hello: "debug", "a=b": "silent" } }],
    ["__proto__=trace,error", { level: "error", plugins: Object.fromEntries([["__proto__", "trace"]]) }],
  ])("%s", (text, levels) => {
    expect(parseLogLevels("flag", text)).toEqual(levels);
  });

  it.each([
    ["loud", '-flag is one of trace, debug, info, warn, error, fatal, silent, not "loud"'],
    ["", 'not ""'],
    ["info,warn", "-flag has two levels for the server: give one"],
    ["a=info,a=warn", "-flag has two levels for plugin a: give one"],
    ["=info", "the name of a plugin stands before the ="],
    ["info,", 'not ""'],
  ])("%j is refused", (text, message) => {
    expect(() => parseLogLevels("flag", text)).toThrow(UsageError);
    expect(() => parseLogLevels("flag", text)).toThrow(message);
  });
});

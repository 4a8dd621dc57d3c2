// Go's flag style: one dash or two, a value behind the flag or after an equals sign.
import { describe, expect, it } from "vitest";
import { normalizeFlags } from "../../../../src/apps/flags/index.js";

const NAMES = {
  booleans: new Set(["dump-all", "help"]),
  optionals: new Set(["dump"]),
  aliases: new Map([
    ["dir", "directory"],
    ["h", "help"],
  ]),
};
const normalize = (...argv: string[]): string[] => normalizeFlags(argv, NAMES);

describe("flags", () => {
  it("take one dash or two", () => {
    expect(normalize("-prefix", "/p", "--socket", "/s")).toEqual(["--prefix", "/p", "--socket", "/s"]);
  });

  it("take their value after an equals sign, which may hold others", () => {
    expect(normalize("-prefix=/p", "--socket=a=b=c", "-empty=")).toEqual(["--prefix=/p", "--socket=a=b=c", "--empty="]);
    expect(normalize("-prefix=two\nlines")).toEqual(["--prefix=two\nlines"]);
  });

  it("have other names", () => {
    expect(normalize("-dir", "/d", "--dir=/e", "-h")).toEqual(["--directory", "/d", "--directory=/e", "--help"]);
  });
});

describe("booleans", () => {
  it.each(["1", "t", "T", "true", "TRUE", "True"])("=%s is the flag", (value) => {
    expect(normalize(`-dump-all=${value}`)).toEqual(["--dump-all"]);
  });

  it.each(["0", "f", "F", "false", "FALSE", "False"])("=%s is no flag", (value) => {
    expect(normalize(`-dump-all=${value}`, "-prefix", "x")).toEqual(["--prefix", "x"]);
  });

  it("with another value are left for the parser to refuse", () => {
    expect(normalize("-dump-all=maybe")).toEqual(["--dump-all=maybe"]);
  });

  it("by their other name too", () => {
    expect(normalize("-h=true")).toEqual(["--help"]);
  });
});

describe("values that look like flags", () => {
  it("are values where a flag takes one", () => {
    expect(normalize("-prefix", "-h", "-socket", "-x=true", "-dir", "--", "-h")).toEqual([
      "--prefix",
      "-h",
      "--socket",
      "-x=true",
      "--directory",
      "--",
      "--help",
    ]);
  });

  it("are flags behind one that takes none, has one, or can do without", () => {
    expect(normalize("-dump-all", "-h")).toEqual(["--dump-all", "--help"]);
    expect(normalize("-prefix=/p", "-h")).toEqual(["--prefix=/p", "--help"]);
    expect(normalize("-dump", "-h")).toEqual(["--dump", "--help"]);
    expect(normalize("try", "-h")).toEqual(["try", "--help"]);
  });
});

describe("what is no flag", () => {
  it.each(["try", "-", "--", "-5", "-.5", "", "/-x", "---x", "-x y"])("%j passes unchanged", (argument) => {
    expect(normalize(argument)).toEqual([argument]);
  });
});

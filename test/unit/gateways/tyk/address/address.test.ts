// Where a server and a gateway meet, as configurations write it.
import { describe, expect, it } from "vitest";
import { type Address, formatAddress, isLocal, parseAddress } from "../../../../../src/gateways/tyk/address/index.js";

describe("an address", () => {
  it.each<[string, Address]>([
    ["tcp://127.0.0.1:5555", { kind: "tcp", host: "127.0.0.1", port: 5555 }],
    ["tcp://[::1]:5555", { kind: "tcp", host: "::1", port: 5555 }],
    ["tcp://plugins.internal:65535", { kind: "tcp", host: "plugins.internal", port: 65_535 }],
    ["tcp://0.0.0.0:0", { kind: "tcp", host: "0.0.0.0", port: 0 }],
    ["unix:///run/tyk.sock", { kind: "unix", path: "/run/tyk.sock" }],
  ])("%s is read and written", (text, address) => {
    expect(parseAddress(text)).toEqual(address);
    expect(formatAddress(address)).toBe(text);
  });

  it("of a Unix socket is made plain", () => {
    expect(parseAddress("unix:///run/a/../tyk.sock")).toEqual({ kind: "unix", path: "/run/tyk.sock" });
  });

  it.each([
    "",
    "5555",
    "127.0.0.1:5555",
    "tcp://127.0.0.1",
    "tcp://:5555",
    "tcp://127.0.0.1:65536",
    "tcp://127.0.0.1:5555/path",
    "tcp://::1:5555",
    "http://127.0.0.1:5555",
    "unix://",
    "unix:/run/tyk.sock",
    "unix://relative.sock",
    "unix:///folder/",
    "tcp://a b:5555",
  ])("%j is none", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

it.each([
  ["tcp://127.0.0.1:1", true],
  ["tcp://localhost:1", true],
  ["tcp://[::1]:1", true],
  ["unix:///run/a.sock", true],
  ["tcp://0.0.0.0:1", false],
  ["tcp://10.0.0.1:1", false],
])("%s is reached from this machine alone: %s", (text, expected) => {
  const address = parseAddress(text);
  expect(address !== undefined && isLocal(address)).toBe(expected);
});

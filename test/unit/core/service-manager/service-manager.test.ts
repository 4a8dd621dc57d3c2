// What a process reads of its service manager's variables, and which socket is whose.
import { expect, it } from "vitest";
import { inheritedSockets } from "../../../../src/core/service-manager/inherited-sockets.js";
import { watchdogPeriod } from "../../../../src/core/service-manager/service-manager.js";
import { placeInherited } from "../../../../src/core/supervisor/place-inherited.js";

const passed = (env: NodeJS.ProcessEnv): unknown => inheritedSockets(env, 7).map(({ descriptor, name }) => [descriptor, name]);

it.each([
  [{}, []],
  [{ LISTEN_PID: "7", LISTEN_FDS: "1" }, [[3, ""]]],
  [
    { LISTEN_PID: "7", LISTEN_FDS: "2", LISTEN_FDNAMES: "kong:tyk" },
    [
      [3, "kong"],
      [4, "tyk"],
    ],
  ],
  [{ LISTEN_PID: "8", LISTEN_FDS: "1" }, []],
  [{ LISTEN_PID: "7", LISTEN_FDS: "0" }, []],
  [{ LISTEN_PID: "7", LISTEN_FDS: "-1" }, []],
  [{ LISTEN_PID: "7", LISTEN_FDS: "1000000" }, []],
  [{ LISTEN_PID: "7", LISTEN_FDS: "one" }, []],
])("%j passes %j to process 7", (env, sockets) => {
  expect(passed(env)).toEqual(sockets);
});

it.each([
  ["30000000", undefined, 15_000],
  ["30000000", String(process.pid), 15_000],
  ["30000000", String(process.ppid), 15_000],
  ["30000000", "1000000000", undefined],
  ["0", undefined, undefined],
  ["soon", undefined, undefined],
  [undefined, undefined, undefined],
])("a watchdog of %s microseconds for process %s is told every %s ms", (time, pid, period) => {
  expect(watchdogPeriod(time, pid)).toBe(period);
});

const kong = { name: "kong", path: "/run/kong.sock", mode: 0o600 };
const tyk = { name: "tyk", host: "127.0.0.1", port: 5555 };
const socket = (descriptor: number, name: string, path?: string) => ({ descriptor, name, path });

it.each([
  [[kong], [socket(3, "whatever.socket", "/elsewhere")], [3]],
  [[kong, tyk], [socket(3, "tyk")], [undefined, 3]],
  [
    [kong, tyk],
    [socket(3, "a.socket", "/run/kong.sock"), socket(4, "tyk")],
    [3, 4],
  ],
  [[kong, tyk], [], [undefined, undefined]],
])("of the places %j, with %j, have descriptors: %j", (places, sockets, descriptors) => {
  expect(placeInherited(places, sockets).map(({ descriptor }) => descriptor)).toEqual(descriptors);
});

it.each([
  [[kong, tyk], [socket(3, "a.socket")]],
  [[kong], [socket(3, "kong"), socket(4, "tyk")]],
  [
    [kong, tyk],
    [socket(3, "kong"), socket(4, "kong")],
  ],
])("of the places %j none has one of %j", (places, sockets) => {
  expect(() => placeInherited(places, sockets)).toThrow(/has passed .*, which belongs to no gateway that is served/);
});

// Which errors have a base of their own: all others derive from PluginServerError, whose brand says that they are of this package.
import { expect, it } from "vitest";
import { sources } from "./sources.js";

/** Each of them never leaves the code that throws it, or stands for an error of somebody else. */
const OTHER_BASES: readonly string[] = [
  "PluginServerError",
  // Have the brand; what plugins import imports nothing of the server.
  ...["PdkError", "TykError"],
  // The error of another thread, which may be a plugin's.
  "RemoteError",
  // No errors: how a handler is left, and how the stand-in ends a call.
  ...["ExitSignal", "RefusedCall", "UpstreamFailure"],
  // What a peer is told: its status, or the gateway's own text.
  ...["GrpcError", "ResultError"],
];

it("is the base of every error class", () => {
  const direct = sources.flatMap(({ text }) => [...text.matchAll(/class (\w+)(?:<.*>)? extends \w*Error\b/g)]);
  const names = direct.filter(([found]) => !found.includes("extends PluginServerError")).map(([, name]) => name);
  expect(names.sort()).toEqual([...OTHER_BASES].sort());
});

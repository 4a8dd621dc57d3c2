import { describe, expect, it } from "vitest";

import { parseDeclarativeConfig } from "../../../../../src/gateways/kong/standin/declarative-config.js";
import { Router } from "../../../../../src/gateways/kong/standin/router.js";

const router = new Router(
  parseDeclarativeConfig(
    {
      _format_version: "3.0",
      services: [
        {
          name: "s",
          url: "http://service/base/",
          routes: [
            { name: "root", paths: ["/"] },
            { name: "short", paths: ["/a"] },
            { name: "long", paths: ["/a/b"] },
            { name: "pattern", paths: ["~/items/(?<id>\\d+)(/x)?"] },
            { name: "post", paths: ["/a"], methods: ["POST"] },
            { name: "host", paths: ["/a"], hosts: ["example.com", "*.example.org"] },
            { name: "kept", paths: ["/kept"], strip_path: false },
          ],
        },
      ],
    },
    [],
  ),
);

describe("Router", () => {
  it.each([
    ["GET", "h", "/", "root", "/base/"],
    ["GET", "h", "/other", "root", "/base/other"],
    ["GET", "h", "/a/x", "short", "/base/x"],
    ["GET", "h", "/a", "short", "/base/"],
    ["GET", "h", "/a/b/c", "long", "/base/c"],
    ["POST", "h", "/a/b", "post", "/base/b"],
    ["GET", "example.com", "/a/b", "host", "/base/b"],
    ["GET", "x.example.org", "/a", "host", "/base/"],
    ["GET", "h", "/items/7", "pattern", "/base/"],
    ["GET", "h", "/kept/\xe9", "kept", "/base/kept/%E9"],
  ])("%s %s%s goes to %s at %s", (method, host, path, route, upstreamPath) => {
    const match = router.match(method, host, path);
    expect(match?.route.name).toBe(route);
    expect(match?.upstreamPath).toBe(upstreamPath);
  });

  it("gives the groups of a pattern, also those that took no part", () => {
    expect(router.match("GET", "h", "/items/42")?.captures).toEqual({ unnamed: ["/items/42", "42", ""], named: { id: "42" } });
    expect(router.match("GET", "h", "/a")?.captures).toEqual({ unnamed: [], named: {} });
  });

  it("finds nothing where nothing fits", () => {
    expect(new Router({ routes: [], services: [] }).match("GET", "h", "/")).toBeUndefined();
  });
});

// What Kong says of a plugin before it serves it, from what the plugin announces.
import { describe, expect, it } from "vitest";
import type { PluginMetadata } from "../../../../../src/core/channel/index.js";
import { announcementOf, checkAnnouncement } from "../../../../../src/gateways/kong/server/index.js";

const SOURCE = { name: "hello", root: "/plugins/hello.ts", entry: "/plugins/hello.ts" };

const metadata = (more: Partial<PluginMetadata> = {}): PluginMetadata => ({
  form: "go",
  name: "hello",
  version: "1.0.0",
  functions: ["access"],
  schema: [],
  announcement: { priority: 7, ignoredPhases: [], nearMisses: [], unsent: [] },
  ...more,
});

describe("the check of a plugin", () => {
  it("names what the gateway reads at its start alone", () => {
    const schema = [{ message: { type: "string" } }];
    expect(checkAnnouncement(metadata({ schema }), SOURCE).announced).toEqual({ schema, priority: 7, phases: ["access"] });
  });

  it("tells that a response handler has the gateway buffer responses", () => {
    expect(checkAnnouncement(metadata(), SOURCE).effects).toEqual([]);
    expect(checkAnnouncement(metadata({ functions: ["access", "response"] }), SOURCE).effects).toEqual([
      "has a response handler: the gateway will buffer every response of its routes, which breaks event streams",
    ]);
  });

  it("tells the name that kong-js-pdk gives to a plugin in a folder", () => {
    const inFolder = { name: "hello", root: "/plugins/hello", entry: "/plugins/hello/old.js" };
    expect(checkAnnouncement(metadata({ form: "kong-js-pdk" }), inFolder).warnings).toEqual([
      'kong-js-pdk calls it old, after its entry: export Name: "old" where the gateway\'s configuration has that name',
    ]);
    expect(checkAnnouncement(metadata({ form: "go" }), inFolder).warnings).toEqual([]);
    expect(checkAnnouncement(metadata({ form: "kong-js-pdk" }), { ...SOURCE, entry: "/plugins/index.js" }).warnings).toEqual([]);
  });
});

it.each([undefined, null, "text", {}, { priority: "1", nearMisses: "all", unsent: { length: 1 } }])(
  "an announcement that is none says nothing: %j",
  (announcement) => {
    expect(announcementOf(metadata({ announcement }))).toEqual({ priority: 0, ignoredPhases: [], nearMisses: [], unsent: [] });
  },
);

// API definitions in both forms, as a gateway writes them, and what is none.
import { describe, expect, it } from "vitest";
import { parseDefinition } from "../../../../../src/gateways/tyk/definitions/index.js";

const CLASSIC = {
  api_id: "shop",
  org_id: "acme",
  name: "Shop",
  active: true,
  internal: false,
  use_keyless: true,
  proxy: { listen_path: "/shop/", target_url: "http://upstream", strip_listen_path: true },
  domain: "shop.example",
  tags: ["edge"],
  config_data: { greeting: "hi" },
  custom_middleware_bundle: "shop-1.zip",
  version_data: { versions: { Default: {}, v2: {} } },
};
const OAS = {
  openapi: "3.0.3",
  info: { title: "Shop" },
  "x-tyk-api-gateway": {
    info: {
      id: "shop",
      orgId: "acme",
      name: "Shop",
      state: { active: true, internal: false },
      versioning: {
        versions: [
          { name: "Default", id: "a" },
          { name: "v2", id: "b" },
        ],
      },
    },
    upstream: { url: "http://upstream" },
    server: {
      listenPath: { value: "/shop/", strip: true },
      customDomain: { enabled: true, name: "shop.example" },
      gatewayTags: { enabled: true, tags: ["edge"] },
    },
    middleware: {
      global: {
        pluginConfig: { data: { enabled: true, value: { greeting: "hi" } }, bundle: { enabled: true, path: "shop-1.zip" } },
      },
    },
  },
};
const FIELDS = {
  id: "shop",
  orgId: "acme",
  name: "Shop",
  active: true,
  internal: false,
  listenPath: "/shop/",
  stripListenPath: true,
  targetUrl: "http://upstream",
  domain: "shop.example",
  keyless: true,
  tags: ["edge"],
  versions: ["Default", "v2"],
  configData: { greeting: "hi" },
  bundle: "shop-1.zip",
};

describe("an API definition", () => {
  it("has the same fields in both forms, and the document that it was read from", () => {
    expect(parseDefinition(CLASSIC, "a file")).toEqual({ ...FIELDS, form: "classic", document: CLASSIC });
    expect(parseDefinition(OAS, "a file")).toEqual({ ...FIELDS, form: "oas", document: OAS });
  });

  it("may be an export of the Dashboard", () => {
    expect(parseDefinition({ api_definition: CLASSIC }, "a file").id).toBe("shop");
  });

  it("leaves out what is switched off", () => {
    const classic = { ...CLASSIC, domain_disabled: true, tags_disabled: true, custom_middleware_bundle_disabled: true };
    const off = { domain: undefined, tags: [], bundle: undefined };
    expect(parseDefinition(classic, "a file")).toMatchObject(off);
    const { server, middleware, ...rest } = OAS["x-tyk-api-gateway"];
    const oas = {
      ...OAS,
      "x-tyk-api-gateway": {
        ...rest,
        server: { ...server, customDomain: { enabled: false, name: "a" }, gatewayTags: { enabled: false, tags: ["a"] } },
        middleware: { global: { pluginConfig: { ...middleware.global.pluginConfig, bundle: { enabled: false, path: "a" } } } },
      },
    };
    expect(parseDefinition(oas, "a file")).toMatchObject(off);
  });

  it("needs a key where authentication is on", () => {
    expect(parseDefinition({ ...CLASSIC, use_keyless: false }, "a file").keyless).toBe(false);
    const extension = OAS["x-tyk-api-gateway"];
    const server = { ...extension.server, authentication: { enabled: true } };
    expect(parseDefinition({ "x-tyk-api-gateway": { ...extension, server } }, "a file").keyless).toBe(false);
  });

  it("is read from as little as an id", () => {
    const nothing = { name: "", listenPath: undefined, tags: [], versions: [], configData: {}, targetUrl: undefined };
    expect(parseDefinition({ api_id: "a" }, "a file")).toMatchObject(nothing);
    expect(parseDefinition({ "x-tyk-api-gateway": { info: { id: "a" } } }, "a file")).toMatchObject(nothing);
  });

  it("may have anything in its fields", () => {
    const wrong = {
      api_id: "a",
      name: 1,
      proxy: [],
      tags: "a",
      version_data: null,
      config_data: "x",
      custom_middleware_bundle: {},
    };
    expect(parseDefinition(wrong, "a file")).toMatchObject({
      name: "",
      tags: [],
      versions: [],
      configData: {},
      bundle: undefined,
    });
  });

  it.each([
    [null, "no api_id"],
    [[], "no api_id"],
    ["text", "no api_id"],
    [{ api_id: "" }, "no api_id"],
    [{ "x-tyk-api-gateway": 1 }, "no info.id"],
  ])("is not %j", (value, reason) => {
    expect(() => parseDefinition(value, "shop.json")).toThrow(
      expect.objectContaining({
        code: "TYK_DEFINITION_BROKEN",
        message: expect.stringContaining(`shop.json has ${reason}`) as string,
      }) as Error,
    );
  });
});

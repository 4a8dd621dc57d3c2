import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsName, wireName } from "../../../../../src/gateways/kong/pdk/index.js";

describe("jsName and wireName", () => {
  it.each([
    ["get_header", "getHeader"],
    ["get_tls1_version_str", "getTls1VersionStr"],
    ["get_full_client_certificate_chain", "getFullClientCertificateChain"],
    ["req_start_time", "reqStartTime"],
    ["exit", "exit"],
  ])("turn %s into %s and back", (wire, js) => {
    expect(jsName(wire)).toBe(js);
    expect(wireName(js)).toBe(wire);
  });

  it("undo each other for any name of the gateway's kind", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9]{0,6}(_[a-z0-9]{1,6}){0,4}$/), (wire) => {
        expect(wireName(jsName(wire))).toBe(wire);
      }),
    );
  });
});

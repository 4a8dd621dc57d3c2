// What does one hook of a Tyk gateway cost? One that sets one header, without a body and with 64 kB of text.
import { atATime, type HookCall, type Scenario, scenario } from "./scenario.js";

const HEADERS = {
  Accept: "*/*",
  "Accept-Encoding": "gzip, deflate, br",
  Authorization: "Bearer 0123456789abcdef0123456789abcdef",
  "Content-Type": "application/json",
  Host: "api.example.com",
  "User-Agent": "Mozilla/5.0 (X11; Linux x86_64)",
  "X-Forwarded-For": "10.0.0.1",
  "X-Request-Id": "3b241101-e2bb-4255-8caf-4136c566a962",
};

/** As a gateway of 5.x sends it: text comes twice, as `body` and as `raw_body`. */
const hookCall = (body: string): HookCall => ({
  object: {
    hook_type: 1,
    hook_name: "tyk-hello",
    request: {
      headers: HEADERS,
      body,
      url: "/t/get?a=1&b=2",
      params: { a: "1", b: "2" },
      return_overrides: { response_code: -1 },
      method: body === "" ? "GET" : "POST",
      request_uri: "/t/get?a=1&b=2",
      scheme: "http",
      raw_body: Buffer.from(body),
    },
    spec: {
      OrgID: "5e9d9544a1dcd60001d0ed20",
      APIID: "b84fe1a04e5648927971c0557971565c",
      bundle_hash: "d41d8cd98f00b204e9800998ecf8427e",
      config_data: JSON.stringify({ greeting: "hello", retries: 3 }),
    },
  },
  setHeaders: { "X-Hello": "hello" },
});

const tyk = (name: string, question: string, body: string, parts: Pick<Scenario, "cases" | "quickCases">): Scenario =>
  scenario({ name, question, gateway: "tyk", workload: { plugin: "tyk-hello", calls: [], hook: hookCall(body) }, ...parts });

export const TYK = [
  tyk("tyk", "one hook that sets a header", "", { cases: atATime(1, 16, 64), quickCases: atATime(1, 64) }),
  tyk("tyk 64 kB", "the same with 64 kB of text", "0123456789abcdef".repeat(4096), {
    cases: atATime(1, 16),
    quickCases: atATime(16),
  }),
];

// The plugin of the recordings: each function's reply follows from its call alone, so that a replay can compare it.
import { defineTykPlugin, type NewSession } from "pluginserver/tyk";

const ACCEPTED: NewSession = {
  alias: "abc-session",
  token: "token-of-abc",
  rate: 1000,
  per: 1,
  quota_max: 100,
  quota_renewal_rate: 3600,
  session_lifetime: 60,
  tags: ["recorded"],
  metadata: { tyk_developer_id: "developer-1" },
};

export default defineTykPlugin({
  version: "1.0.0",
  pre: {
    untouched() {},
    edits(request) {
      request.headers.set("X-Multi", "one");
      request.headers.delete("x-gone");
      request.query.set("a", "new & \u00fc");
      request.query.delete("b");
    },
    elsewhere(request) {
      request.path = "/recorded/else where";
      request.method = "PUT";
    },
    body(request) {
      request.body = { ...(request.json() as object), checked: true };
    },
    bytes(request) {
      request.body = Buffer.concat([Buffer.from([0, 0xff]), request.body]);
    },
    early(_request, { respond }) {
      return respond(404, { error: "none of th\u00efs" }, { "Cache-Control": "no-store" });
    },
    redirect(_request, { respond }) {
      return respond(302, undefined, { Location: "https://example.com/" });
    },
    denied(_request, { deny }) {
      return deny(401, "it's <not> for you", { "WWW-Authenticate": "Basic" });
    },
    fails() {
      throw new Error("as it should");
    },
  },
  authCheck: {
    key(request, { respond, session }) {
      return request.headers.get("authorization") === "abc" ? session(ACCEPTED) : respond(403);
    },
    denying(request, { deny, session }) {
      return request.headers.get("authorization") === "abc" ? session(ACCEPTED) : deny(403, "no");
    },
    kept(_request, { session }) {
      return session({ ...ACCEPTED, id_extractor_deadline: 4_102_444_800 });
    },
  },
  postAuthCheck: {
    named(request, { session }) {
      request.headers.set("X-Alias", session?.alias ?? "none");
    },
  },
  post: {
    configured(request, { config, session }) {
      request.headers.set("X-Config", JSON.stringify(config));
      request.headers.set("X-Developer", session?.metadata["tyk_developer_id"] ?? "none");
    },
    rerouted(request) {
      request.path = `${request.path}/more`;
      request.query.set("added", 1);
    },
  },
  endpoints: {
    "GET /status/{name}": (_request, { params, respond }) => respond(200, { name: params["name"] }),
  },
  response: {
    unchanged() {},
    headers(response, { request }) {
      response.headers.append("Set-Cookie", "c=3");
      response.headers.delete("x-secret");
      response.headers.set("X-Request", `${request.method} ${request.url}`);
    },
    async text(response) {
      const text = (await response.decoded()).toString();
      response.status = 203;
      response.body = `${text} and more`;
    },
    failing() {
      throw new Error("as it should");
    },
  },
  events: {
    AuthFailure(event, { log }) {
      log.info("refused", { path: event.path });
    },
  },
});

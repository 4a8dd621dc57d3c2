// Lets in who has a token that is signed with the secret (HS256) and has not expired, and tells the service who that is.
import { createHmac, timingSafeEqual } from "node:crypto";
import { definePlugin } from "pluginserver/pdk";

interface Claims {
  readonly sub?: unknown;
  readonly exp?: unknown;
  readonly nbf?: unknown;
}

export default definePlugin({
  version: "1.0.0",
  priority: 1450,
  schema: [
    { secret: { type: "string", required: true, encrypted: true, referenceable: true, len_min: 8 } },
    { user_header: { type: "string", default: "x-user" } },
    { leeway: { type: "integer", default: 0, between: [0, 300] } },
  ],
  async access(kong, config) {
    const [, token] = /^bearer +(\S+)$/i.exec((await kong.request.getHeader("authorization")) ?? "") ?? [];
    if (token === undefined) return kong.response.exit(401, { message: "no token" }, { "www-authenticate": "Bearer" });
    const claims = verify(token, config.secret);
    const now = Date.now() / 1000;
    if (claims === undefined || !isTimely(claims, now, config.leeway))
      return kong.response.exit(401, { message: "invalid token" }, { "www-authenticate": 'Bearer error="invalid_token"' });
    // What a client says of itself does not count.
    await kong.service.request.clearHeader(config.user_header);
    if (typeof claims.sub === "string") await kong.service.request.setHeader(config.user_header, claims.sub);
  },
});

function verify(token: string, secret: string): Claims | undefined {
  const [head = "", body = "", signature = "", ...others] = token.split(".");
  if (others.length > 0 || readJson(head)?.["alg"] !== "HS256") return undefined;
  const expected = createHmac("sha256", secret).update(`${head}.${body}`).digest();
  const given = Buffer.from(signature, "base64url");
  return given.length === expected.length && timingSafeEqual(given, expected) ? readJson(body) : undefined;
}

function isTimely({ exp, nbf }: Claims, now: number, leeway: number): boolean {
  if (exp !== undefined && !(typeof exp === "number" && now < exp + leeway)) return false;
  return nbf === undefined || (typeof nbf === "number" && now >= nbf - leeway);
}

function readJson(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

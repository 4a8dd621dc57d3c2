// Answers a request that is sent again, with the same idempotency-key, as the first was answered: the service gets it once, whichever gateway it came to.
import { createHash } from "node:crypto";
import { definePlugin } from "pluginserver/pdk";
import { Redis } from "./redis.js";

interface Kept {
  /** Of the request: the same key with another body is a mistake of the client's. */
  readonly print: string;
  /** Undefined while the first is under way. */
  readonly answer?: { readonly status: number; readonly type: string; readonly body: string };
}

const TIMEOUT = 1000;
/** Seconds after which one that was never answered may be sent again. */
const UNDER_WAY = 60;
/** Bytes of a body that is kept. */
const MOST = 262_144;

const connections = new Map<string, Redis>();

function redisAt(host: string, port: number): Redis {
  const address = `${host}:${port}`;
  const known = connections.get(address) ?? new Redis(host, port, TIMEOUT);
  connections.set(address, known);
  return known;
}

export default definePlugin({
  version: "1.0.0",
  priority: 900,
  schema: [
    { seconds: { type: "integer", default: 86_400, between: [1, 604_800] } },
    { redis_host: { type: "string", default: "127.0.0.1" } },
    { redis_port: { type: "integer", default: 6379, between: [1, 65_535] } },
  ],
  // Each generation of the plugin has connections of its own: those of the former close when its last request is done.
  dispose() {
    for (const redis of connections.values()) redis.close();
    connections.clear();
  },
  async access(kong, config) {
    const given = await kong.request.getHeader("idempotency-key");
    const method = await kong.request.getMethod();
    if (given === undefined || (method !== "POST" && method !== "PATCH")) return;
    const [consumer, address, path, body] = await Promise.all([
      kong.client.getConsumer(),
      kong.client.getForwardedIp(),
      kong.request.getPath(),
      kong.request.getRawBody(),
    ]);
    const key = `idempotency:${digest(`${consumer?.id ?? address} ${method} ${path} ${given}`)}`;
    const print = digest(body);
    const redis = redisAt(config.redis_host, config.redis_port);
    try {
      if (await redis.claim(key, JSON.stringify({ print } satisfies Kept), UNDER_WAY)) {
        await kong.ctx.shared.set("idempotency", `${key} ${print}`);
        return;
      }
      const kept = JSON.parse((await redis.get(key)) ?? "{}") as Partial<Kept>;
      if (kept.print !== undefined && kept.print !== print)
        return kong.response.exit(422, { message: "the idempotency key was used for another request" });
      if (kept.answer === undefined)
        return kong.response.exit(409, { message: "the first request is under way" }, { "retry-after": "1" });
      const { status, type, body: text } = kept.answer;
      return kong.response.exit(status, text, { "content-type": type, "idempotency-replayed": "true" });
    } catch (error) {
      await kong.log.err("cannot look the key up: ", error instanceof Error ? error.message : String(error));
      // Twice is worse than not at all.
      return kong.response.exit(503, { message: "the idempotency key cannot be checked" });
    }
  },
  async response(kong, config) {
    const claimed = await kong.ctx.shared.get("idempotency");
    if (typeof claimed !== "string") return;
    const [key = "", print = ""] = claimed.split(" ");
    const redis = redisAt(config.redis_host, config.redis_port);
    const [status, type, body] = await Promise.all([
      kong.response.getStatus(),
      kong.service.response.getHeader("content-type"),
      kong.service.response.getRawBody(),
    ]);
    try {
      // A service that failed may be asked again; what is too large to keep, too.
      if (status >= 500 || body.length > MOST) return await redis.remove(key);
      const answer = { status, type: type ?? "application/octet-stream", body: body.toString("utf8") };
      await redis.set(key, JSON.stringify({ print, answer } satisfies Kept), config.seconds);
    } catch (error) {
      await kong.log.err("cannot keep the answer: ", error instanceof Error ? error.message : String(error));
    }
  },
});

const digest = (content: string | Buffer): string => createHash("sha256").update(content).digest("base64url");

// Counts the requests of each consumer, or address, in Redis, so that all gateways count together; refuses those beyond the limit.
import { definePlugin } from "pluginserver/pdk";
import { Redis } from "./redis.js";

const TIMEOUT = 1000;

/** One connection for each Redis, whatever the number of configurations. */
const connections = new Map<string, Redis>();

function redisAt(host: string, port: number): Redis {
  const address = `${host}:${port}`;
  const known = connections.get(address) ?? new Redis(host, port, TIMEOUT);
  connections.set(address, known);
  return known;
}

export default definePlugin({
  version: "1.0.0",
  priority: 910,
  schema: [
    { limit: { type: "integer", required: true, gt: 0 } },
    { window: { type: "integer", default: 60, gt: 0 } },
    { redis_host: { type: "string", default: "127.0.0.1" } },
    { redis_port: { type: "integer", default: 6379, between: [1, 65_535] } },
    { fault_tolerant: { type: "boolean", default: true } },
  ],
  dispose() {
    for (const redis of connections.values()) redis.close();
    connections.clear();
  },
  async access(kong, config) {
    const [consumer, address] = await Promise.all([kong.client.getConsumer(), kong.client.getForwardedIp()]);
    const window = Math.floor(Date.now() / 1000 / config.window);
    const key = `rate-limit:${consumer?.id ?? address}:${window}`;
    let count: number;
    try {
      count = await redisAt(config.redis_host, config.redis_port).count(key, config.window);
    } catch (error) {
      await kong.log.err("cannot count requests: ", error instanceof Error ? error.message : String(error));
      if (config.fault_tolerant) return;
      return kong.response.exit(503, { message: "the limit cannot be checked" });
    }
    await kong.response.setHeader("ratelimit-limit", String(config.limit));
    await kong.response.setHeader("ratelimit-remaining", String(Math.max(0, config.limit - count)));
    const reset = Math.ceil((window + 1) * config.window - Date.now() / 1000);
    await kong.response.setHeader("ratelimit-reset", String(reset));
    if (count <= config.limit) return;
    return kong.response.exit(429, { message: "too many requests" }, { "retry-after": String(reset) });
  },
});

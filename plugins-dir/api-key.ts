// Lets a request in with one of the configured keys, and answers all others itself.
import { createHash, timingSafeEqual } from "node:crypto";
import { definePlugin } from "pluginserver/pdk";

const digest = (key: string): Buffer => createHash("sha256").update(key).digest();

export default definePlugin({
  version: "1.0.0",
  priority: 1003,
  schema: [
    { header: { type: "string", default: "apikey" } },
    { keys: { type: "map", required: true, keys: { type: "string" }, values: { type: "string" }, default: {} } },
  ],
  async access(kong, config) {
    const given = await kong.request.getHeader(config.header);
    if (given === undefined) return kong.response.exit(401, { message: "No API key found in request" });
    const wanted = digest(given);
    // Every key is compared, each in constant time: the answer's delay tells nothing about them.
    const owners = Object.entries(config.keys).filter(([, key]) => timingSafeEqual(digest(key), wanted));
    const [owner] = owners;
    if (owner === undefined) return kong.response.exit(401, { message: "Unauthorized" });
    await kong.service.request.clearHeader(config.header);
    await kong.service.request.setHeader("x-consumer-name", owner[0]);
  },
});

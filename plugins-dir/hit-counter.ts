// Counts requests in the module: all instances in one isolate share the count, and a restart begins anew.
import { definePlugin } from "pluginserver/pdk";

const hits = new Map<string, number>();

export default definePlugin({
  version: "1.0.0",
  priority: 500,
  schema: [{ header: { type: "string", default: "x-hits" } }],
  async access(kong, config) {
    const path = await kong.request.getPath();
    const count = (hits.get(path) ?? 0) + 1;
    hits.set(path, count);
    await kong.response.setHeader(config.header, String(count));
  },
});

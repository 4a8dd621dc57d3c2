// An ordinary TypeScript plugin: what a gateway's start waits for is how long many of these take to load.
import { definePlugin } from "pluginserver/pdk";

export default definePlugin({
  version: "1.0.0",
  priority: 1,
  schema: [{ message: { type: "string", default: "hello" } }],
  async access(kong, config) {
    const host = await kong.request.getHeader("host");
    await kong.response.setHeader("x-hello", `${config.message} ${host ?? "nobody"}`);
  },
});

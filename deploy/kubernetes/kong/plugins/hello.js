import { definePlugin } from "pluginserver/pdk";

export default definePlugin({
  version: "1.0.0",
  priority: 10,
  schema: [{ message: { type: "string", default: "hello" } }],
  async access(kong, config) {
    await kong.response.setHeader("x-hello", config.message);
  },
});

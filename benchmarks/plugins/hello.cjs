"use strict";

// One read and two writes, in kong-js-pdk's form, so that the same file runs in both servers.
class Hello {
  async access(kong) {
    const host = await kong.request.getHeader("host");
    await Promise.all([kong.response.setHeader("x-hello", `hello ${host}`), kong.response.setHeader("x-server", "bench")]);
  }
}

module.exports = { Plugin: Hello, Schema: [], Version: "1.0.0", Priority: 1 };

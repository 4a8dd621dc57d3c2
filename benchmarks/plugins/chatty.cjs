"use strict";

// Twenty reads, one after another: nothing that a server could send together.
class Chatty {
  async access(kong) {
    for (let i = 0; i < 20; i += 1) await kong.request.getHeader(`x-bench-${i}`);
  }
}

module.exports = { Plugin: Chatty, Schema: [], Version: "1.0.0", Priority: 1 };

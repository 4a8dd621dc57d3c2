"use strict";

// Twenty reads at once: a server may send them together.
class Parallel {
  async access(kong) {
    await Promise.all(Array.from({ length: 20 }, (_, i) => kong.request.getHeader(`x-bench-${i}`)));
  }
}

module.exports = { Plugin: Parallel, Schema: [], Version: "1.0.0", Priority: 1 };

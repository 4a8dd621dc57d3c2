"use strict";

// Twenty milliseconds of CPU, as a careless plugin would use them: its thread does nothing else meanwhile.
class Burn {
  async access() {
    const until = performance.now() + 20;
    while (performance.now() < until);
  }
}

module.exports = { Plugin: Burn, Schema: [], Version: "1.0.0", Priority: 1 };

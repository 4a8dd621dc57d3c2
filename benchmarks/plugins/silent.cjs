"use strict";

// No PDK call: what a phase costs before a plugin does anything.
class Silent {
  async access() {}
}

module.exports = { Plugin: Silent, Schema: [], Version: "1.0.0", Priority: 1 };

"use strict";

// The request's body in and out again.
class Body {
  async access(kong) {
    await kong.service.request.setRawBody(await kong.request.getRawBody());
  }
}

module.exports = { Plugin: Body, Schema: [], Version: "1.0.0", Priority: 1 };

"use strict";

// Changes the request's body on its way in and the response's on its way out, in kong-js-pdk's form. There a body that is
// text is a string; one that is not is a Buffer, and passes untouched.

class Transform {
  constructor(config) {
    this.suffix = config.suffix || "";
  }

  async access(kong) {
    const body = await kong.request.getRawBody();
    if (typeof body === "string") await kong.service.request.setRawBody(body.toUpperCase());
  }

  // A response handler makes the gateway buffer the responses of its routes: fine for small ones, wrong for event streams.
  async response(kong) {
    const body = await kong.service.response.getRawBody();
    if (typeof body !== "string") return;
    const status = await kong.response.getStatus();
    kong.response.exit(status, `${body}\n${body.length} characters${this.suffix}\n`, {
      "content-type": "text/plain; charset=utf-8",
    });
  }
}

module.exports = {
  Plugin: Transform,
  Schema: [{ suffix: { type: "string", default: " came from the service" } }],
  Version: "1.0.0",
  Priority: 800,
};

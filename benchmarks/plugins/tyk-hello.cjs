// A pre hook of the Tyk gateway that sets one header.
const { defineTykPlugin } = require("pluginserver/tyk");

exports.default = defineTykPlugin({
  pre(request) {
    request.headers.set("X-Hello", "hello");
  },
});

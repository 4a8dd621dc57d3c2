import { defineTykPlugin } from "pluginserver/tyk";

export default defineTykPlugin({
  version: "1.0.0",
  pre: {
    greet(request) {
      request.headers.set("x-hello", "good day");
    },
  },
});

// A pre hook of the Tyk gateway that sets one header.
module.exports = {
  pre: (request) => {
    request.headers.set("X-Hello", "hello");
  },
};

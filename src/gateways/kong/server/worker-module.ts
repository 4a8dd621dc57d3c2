// Where an isolate finds Kong's half of it.
export const KONG_WORKER = new URL("../worker/gateway-worker.js", import.meta.url).href;

// Preloaded into the server under test: on SIGWINCH its main thread collects garbage and tells what is left.
const fs = require("node:fs");
const v8 = require("node:v8");
const vm = require("node:vm");
const { isMainThread } = require("node:worker_threads");

if (isMainThread) {
  process.on("SIGWINCH", () => {
    v8.setFlagsFromString("--expose-gc");
    const collect = vm.runInNewContext("gc");
    collect();
    collect();
    const { heapUsed, external } = process.memoryUsage();
    fs.writeSync(2, `main thread holds ${heapUsed + external}\n`);
  });
}

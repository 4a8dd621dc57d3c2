// Threads that are told to end at any moment while they load what runs in them: the process that started them goes on.
import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

const TRANSPORT = new URL("../../../../dist/core/isolates/transports/thread-transport.js", import.meta.url).href;

/** Aborted a process of Node.js 20 in one of four such runs, when threads required an ES module. */
const PROGRAM = `
  import { singleThread } from "${TRANSPORT}";
  for (let round = 0; round < 80; round += 1) {
    const pool = singleThread("runIsolate", { memory: 64 * 2 ** 20, env: {} });
    pool.run({}).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 30 + Math.random() * 60));
    await Promise.race([pool.destroy(), new Promise((resolve) => setTimeout(resolve, 500))]);
  }
  console.log("still here");
  process.exit(0);
`;

it("a thread that ends while it loads takes nothing along", { timeout: 120_000 }, () => {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", PROGRAM], {
    encoding: "utf8",
  });
  expect({ status, signal, stdout, fatal: /FATAL ERROR.*/.exec(stderr)?.[0] }).toEqual({
    status: 0,
    signal: null,
    stdout: "still here\n",
    fatal: undefined,
  });
});

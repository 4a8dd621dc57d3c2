import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Tests start real servers with real threads: more of them at once than there are cores only makes noise.
    maxWorkers: 2,
  },
});

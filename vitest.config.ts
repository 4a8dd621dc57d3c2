import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Real threads and processes on a shared machine: in CI a test that fails has one more chance, and both are reported.
    retry: process.env["CI"] === undefined ? 0 : 1,
    // Tests start real servers with real threads: more of them at once than there are cores only makes noise.
    maxWorkers: 2,
  },
});

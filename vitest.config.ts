import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** The parts of the suite that run alone: `npm test -- unit faults`. Every test file is in exactly one. */
export const SUITES = {
  unit: { include: ["test/unit/**/*.test.ts"], exclude: ["test/unit/{docs,gateways}/**"] },
  core: { include: ["test/core/**/*.test.ts"], exclude: [] },
  kong: { include: ["test/unit/gateways/kong/**/*.test.ts"], exclude: [] },
  tyk: { include: ["test/unit/gateways/tyk/**/*.test.ts"], exclude: [] },
  integration: { include: ["test/integration/**/*.test.ts"], exclude: ["test/integration/docs.test.ts"] },
  faults: { include: ["test/faults/**/*.test.ts", "test/chaos/**/*.test.ts"], exclude: [] },
  conformance: { include: ["test/conformance/**/*.test.ts"], exclude: [] },
  docs: { include: ["test/unit/docs/**/*.test.ts", "test/integration/docs.test.ts"], exclude: [] },
} as const satisfies Record<string, { readonly include: readonly string[]; readonly exclude: readonly string[] }>;

/** What is the same whatever Node.js runs it: left out where only another line of it is tried (npm run test:line). */
const SAME_ON_EVERY_LINE = [
  "test/integration/{build,check,cli,container,deploy,examples,fleet,init,kong-conf,kubernetes,packed}.test.ts",
  "test/integration/{metrics,page,plugin-cache,prometheus,reload-files,reload-places,settings,test-kit,try-tyk,tyk-bundles,tyk-commands}.test.ts",
  "test/unit/gateways/kong/{pdk-functions,schema,standin}/**",
  "test/unit/gateways/tyk/{conf,standin}/**",
];

const leftOut = process.env["TEST_LINE"] === undefined ? [] : SAME_ON_EVERY_LINE;

export default defineConfig({
  test: {
    projects: Object.entries(SUITES).map(([name, { include, exclude }]) => ({
      extends: true,
      test: { name, include: [...include], exclude: ["**/node_modules/**", ...exclude, ...leftOut] },
    })),
    // What tests compile is none of the developer's plugins.
    env: { XDG_CACHE_HOME: join(tmpdir(), `pluginserver-tests-${process.getuid?.()}`) },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // A condition is waited for, not timed: vitest's second is too short where all cores are busy.
    expect: { poll: { timeout: 15_000 } },
    // Real threads and processes on a shared machine: in CI a test that fails has one more chance, and both are reported.
    retry: process.env["CI"] === undefined ? 0 : 1,
    // Counts what runs in the tests' own processes alone: the servers that other suites drive run dist.
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text-summary"],
      reportsDirectory: ".cache/coverage",
      thresholds: { statements: 58, branches: 58, functions: 54, lines: 58 },
    },
    // Tests start real servers with real threads: more of them at once than there are cores only makes noise.
    maxWorkers: 2,
  },
});

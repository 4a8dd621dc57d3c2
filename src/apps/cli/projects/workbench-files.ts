// Owns what is around a new plugin whichever gateway it is for: its test runner, linter, the settings of an editor, and a container file.

/** What runs a project's tests. */
export type TestRunner = "node" | "vitest";

export interface ProjectOptions {
  readonly name: string;
  /** Where npm finds this package: a version range, or a path. */
  readonly pluginserver: string;
  readonly test: TestRunner;
}

export const jsonText = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

export const TSCONFIG = {
  compilerOptions: {
    target: "ES2023",
    module: "NodeNext",
    types: ["node"],
    strict: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    // So that Node.js runs the sources themselves too, from 22.18 on.
    rewriteRelativeImportExtensions: true,
    skipLibCheck: true,
    sourceMap: true,
    rootDir: ".",
    outDir: "build",
  },
  include: ["src", "test"],
};

const TEST_SCRIPTS: Readonly<Record<TestRunner, string>> = {
  node: "tsc && node --enable-source-maps --test build/test/*.test.js",
  vitest: "tsc --noEmit && vitest run",
};

/** Versions that go together: the linter's parser takes no newer TypeScript. */
export function packageJson(
  { name, pluginserver, test }: ProjectOptions,
  scripts: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  return {
    name,
    version: "0.1.0",
    private: true,
    type: "module",
    main: `src/${name}.ts`,
    scripts: { test: TEST_SCRIPTS[test], lint: "eslint .", ...scripts },
    devDependencies: {
      "@types/node": ">=20",
      eslint: "^10.0.0",
      pluginserver,
      typescript: "~6.0.3",
      "typescript-eslint": "^8.73.0",
      ...(test === "vitest" ? { vitest: "^4.0.0" } : {}),
    },
  };
}

/**
 * Where a project's test gets `test` from. A repository around it may have another runner, whose patterns find this file too: the test runs in
 * each.
 */
export const TEST_IMPORT = `// node:test and vitest find this file: it is a test in both.
const { test } = (await import("env" in import.meta ? "vitest" : "node:test")) as typeof import("node:test");
`;

/** Those that are the same for every plugin. `container` are the lines of the Dockerfile. */
export function workbenchFiles({ name, test }: ProjectOptions, container: string): Readonly<Record<string, string>> {
  return {
    "eslint.config.js": ESLINT,
    ".gitignore": "node_modules/\nbuild/\ndist/\nbin/\n",
    ".dockerignore": "node_modules/\nbuild/\ndist/\nbin/\n.git/\n",
    ".vscode/launch.json": jsonText(launch(name)),
    Dockerfile: container,
    ...(test === "vitest" ? { "vitest.config.js": VITEST } : {}),
  };
}

const ESLINT = `import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["build/", "dist/", "bin/"] },
  // With types: a promise that nobody awaits is a call to the gateway that nobody waits for.
  { files: ["**/*.ts"], extends: [tseslint.configs.recommendedTypeChecked], languageOptions: { parserOptions: { projectService: true } } },
);
`;

const VITEST = `export default { test: { include: ["test/**/*.test.ts"] } };
`;

const launch = (name: string): object => ({
  version: "0.2.0",
  configurations: [
    {
      name: "Debug the tests",
      type: "node",
      request: "launch",
      runtimeExecutable: "npm",
      runtimeArgs: ["test"],
      console: "integratedTerminal",
      outFiles: ["${workspaceFolder}/build/**/*.js"],
    },
    {
      name: `Attach to ${name} (npm run debug)`,
      type: "node",
      request: "attach",
      port: 9229,
      restart: true,
    },
  ],
});

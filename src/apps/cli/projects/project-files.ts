// Writes the files of a new project for Kong, and knows the version that it is of.
import { readFile } from "node:fs/promises";

const PACKAGE = new URL("../../../../package.json", import.meta.url);

export async function packageVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(PACKAGE, "utf8")) as { version: string };
  return version;
}

/** `Version: X` and `Runtime Version: Y`, as go-pluginserver prints them. */
export async function versionText(): Promise<string> {
  return `Version: ${await packageVersion()}\nRuntime Version: node ${process.version}\n`;
}

export interface ProjectOptions {
  readonly name: string;
  /** Where npm finds this package: a version range, or a path. */
  readonly pluginserver: string;
}

/** Texts by their path in the project. */
export function projectFiles({ name, pluginserver }: ProjectOptions): Readonly<Record<string, string>> {
  return {
    "package.json": json(packageJson(name, pluginserver)),
    "tsconfig.json": json(TSCONFIG),
    ".gitignore": "node_modules/\nbuild/\ndist/\n",
    [`src/${name}.ts`]: pluginSource(name),
    [`test/${name}.test.ts`]: testSource(name),
    "README.md": readme(name),
  };
}

export const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

const packageJson = (name: string, pluginserver: string): object => ({
  name,
  version: "0.1.0",
  private: true,
  type: "module",
  main: `src/${name}.ts`,
  scripts: {
    test: "tsc && node --enable-source-maps --test build/test/*.test.js",
    build: "pluginserver build . -out dist",
    check: "pluginserver check dist",
    start: "npm run build && pluginserver try -plugins-dir dist",
  },
  devDependencies: {
    "@types/node": ">=20",
    pluginserver,
    typescript: ">=5.9",
  },
});

export const TSCONFIG = {
  compilerOptions: {
    target: "ES2023",
    module: "NodeNext",
    types: ["node"],
    strict: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    skipLibCheck: true,
    sourceMap: true,
    rootDir: ".",
    outDir: "build",
  },
  include: ["src", "test"],
};

const pluginSource = (name: string): string => `import { definePlugin } from "pluginserver/pdk";

export default definePlugin({
  name: "${name}",
  version: "0.1.0",
  priority: 10,
  schema: [{ message: { type: "string", default: "hello" } }],
  async access(kong, config) {
    const host = await kong.request.getHeader("host");
    await kong.response.setHeader("x-${name}", \`\${config.message} to \${host ?? "nobody"}\`);
  },
});
`;

const testSource = (name: string): string => `import assert from "node:assert/strict";
import { test } from "node:test";
import { testPlugin } from "pluginserver/testing";
import plugin from "../src/${name}.js";

test("greets the host that was asked for", async () => {
  const t = await testPlugin(plugin, {
    config: { message: "good day" },
    request: { headers: { host: "example.com" } },
  });
  await t.run();
  assert.equal(t.response.status, 200);
  assert.equal(t.response.headers["x-${name}"], "good day to example.com");
});
`;

const readme = (name: string): string => `# ${name}

A plugin for Kong Gateway, in TypeScript: \`src/${name}.ts\`.

    npm install     # once
    npm test        # checks types, runs the tests: no gateway needed
    npm run build   # one file, with a source map and a stamp: dist/${name}.mjs
    npm start       # a stand-in gateway with the plugin: curl -i 127.0.0.1:8000/${name}

Copy \`dist/${name}.mjs\` to the plugins directory of a pluginserver; \`npm run check\` shows what a gateway would see.
`;

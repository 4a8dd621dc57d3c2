// Owns what a new project of a plugin for Tyk consists of.
import { json, type ProjectOptions, TSCONFIG } from "./project-files.js";

/** Texts by their path in the project. */
export function tykProjectFiles({ name, pluginserver }: ProjectOptions): Readonly<Record<string, string>> {
  return {
    "package.json": json(packageJson(name, pluginserver)),
    "tsconfig.json": json(TSCONFIG),
    ".gitignore": "node_modules/\nbuild/\n",
    [`src/${name}.ts`]: pluginSource(name),
    [`test/${name}.test.ts`]: testSource(name),
    "README.md": readme(name),
  };
}

const packageJson = (name: string, pluginserver: string): object => ({
  name,
  version: "0.1.0",
  private: true,
  type: "module",
  main: `src/${name}.ts`,
  scripts: { test: "tsc && node --enable-source-maps --test build/test/*.test.js" },
  devDependencies: { "@types/node": ">=20", pluginserver, typescript: ">=5.9" },
});

const pluginSource = (name: string): string => `import { defineTykPlugin } from "pluginserver/tyk";

export default defineTykPlugin({
  name: "${name}",
  version: "0.1.0",
  config: { message: { type: "string", default: "hello" } },
  pre(request, { config }) {
    request.headers.set("X-${name}", \`\${config.message} to \${request.host}\`);
  },
});
`;

const testSource = (name: string): string => `import assert from "node:assert/strict";
import { test } from "node:test";
import { testTykPlugin } from "pluginserver/testing";
import plugin from "../src/${name}.js";

test("greets the host that was asked for", async () => {
  const t = await testTykPlugin(plugin, {
    config: { message: "good day" },
    request: { headers: { host: "example.com" } },
  });
  const { response, upstreamRequest } = await t.run();
  assert.equal(response.status, 200);
  assert.equal(upstreamRequest?.headers["x-${name}"], "good day to example.com");
});
`;

const readme = (name: string): string => `# ${name}

A plugin for the Tyk gateway, in TypeScript: \`src/${name}.ts\`. API definitions name it as \`${name}\`, with the driver \`grpc\`.

    npm install     # once
    npm test        # checks types, runs the tests: no gateway needed

Copy \`src/${name}.ts\` to the plugins directory of a pluginserver.
`;

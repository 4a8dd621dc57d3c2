// Owns what a new project of a plugin for Tyk consists of.
import { jsonText, packageJson, type ProjectOptions, TEST_IMPORT, TSCONFIG, workbenchFiles } from "./workbench-files.js";

/** Texts by their path in the project. */
export function tykProjectFiles(project: ProjectOptions): Readonly<Record<string, string>> {
  const { name } = project;
  return {
    "package.json": jsonText(packageJson(project, { debug: `pluginserver try -tyk -plugins-dir src -inspect ${name}` })),
    "tsconfig.json": jsonText(TSCONFIG),
    [`src/${name}.ts`]: pluginSource(name),
    [`test/${name}.test.ts`]: testSource(name),
    ...workbenchFiles(project, DOCKERFILE),
    "README.md": readme(name),
  };
}

const DOCKERFILE = `# A server with the plugin for Tyk gateways: coprocess_grpc_server is tcp://its-address:5555.
FROM node:22-bookworm-slim
WORKDIR /plugin
COPY package*.json ./
RUN npm install
COPY . .
USER node
CMD ["node_modules/pluginserver/bin/pluginserver", "-plugins-dir", "src", "-tyk", "tcp://0.0.0.0:5555", "-no-parent-watch"]
`;

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
import { testTykPlugin } from "pluginserver/testing";
import plugin from "../src/${name}.ts";

${TEST_IMPORT}
await test("greets the host that was asked for", async () => {
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
    npm run lint    # a promise that nobody awaits, and the like
    npm run debug   # a stand-in gateway with the plugin, for a debugger at 127.0.0.1:9229 (.vscode/launch.json attaches one)

Copy \`src/${name}.ts\` to the plugins directory of a pluginserver; the Dockerfile makes an image of one.
`;

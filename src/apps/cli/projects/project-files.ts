// Writes the files of a new project for Kong, and knows the version that it is of.
import { readFile } from "node:fs/promises";
import { jsonText, packageJson, type ProjectOptions, TEST_IMPORT, TSCONFIG, workbenchFiles } from "./workbench-files.js";

const PACKAGE = new URL("../../../../package.json", import.meta.url);

export async function packageVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(PACKAGE, "utf8")) as { version: string };
  return version;
}

/** `Version: X` and `Runtime Version: Y`, as go-pluginserver prints them. */
export async function versionText(): Promise<string> {
  return `Version: ${await packageVersion()}\nRuntime Version: node ${process.version}\n`;
}

/** Texts by their path in the project. */
export function projectFiles(project: ProjectOptions): Readonly<Record<string, string>> {
  const { name } = project;
  const scripts = {
    build: "pluginserver build . -out dist",
    check: "pluginserver check dist",
    start: "npm run build && pluginserver try -plugins-dir dist",
    debug: `pluginserver try -plugins-dir src -inspect ${name}`,
  };
  return {
    "package.json": jsonText(packageJson(project, scripts)),
    "tsconfig.json": jsonText(TSCONFIG),
    [`src/${name}.ts`]: pluginSource(name),
    [`test/${name}.test.ts`]: testSource(name),
    ...workbenchFiles(project, dockerfile(name)),
    "README.md": readme(name),
  };
}

/** What has Kong speak ProtoBuf:1, as kong-conf has it; Kong reads no such variable for a name with a dot. */
function protocolLines(name: string): string {
  if (name.includes(".")) return "";
  return `# Over ProtoBuf:1 no request goes on without the plugin while its server is down. For Kong before 3.8, and for functions that ProtoBuf:1
# lacks ("pluginserver check -protocol ProtoBuf:1 dist" names them), leave this out: then it is MsgPack:1.
ENV KONG_PLUGINSERVER_${name.replaceAll("-", "_").toUpperCase()}_QUERY_CMD="/usr/local/bin/${name} -protocol ProtoBuf:1 -dump"
`;
}

const dockerfile = (name: string): string => `# Kong with the plugin in it, as an executable that has Node.js in it.
FROM node:22-bookworm-slim AS build
WORKDIR /plugin
COPY package*.json ./
RUN npm install
COPY . .
RUN npx pluginserver build -executable . -out bin

FROM kong:3.9
COPY --from=build /plugin/bin/${name} /usr/local/bin/${name}
ENV KONG_PLUGINS=bundled,${name} KONG_PLUGINSERVER_NAMES=${name}
${protocolLines(name)}`;

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
import { testPlugin } from "pluginserver/testing";
import plugin from "../src/${name}.ts";

${TEST_IMPORT}
await test("greets the host that was asked for", async () => {
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
    npm run lint    # a promise that nobody awaits, and the like
    npm run build   # one file, with a source map and a stamp: dist/${name}.mjs
    npm start       # a stand-in gateway with the plugin: curl -i 127.0.0.1:8000/${name}
    npm run debug   # the same from the sources, for a debugger at 127.0.0.1:9229 (.vscode/launch.json attaches one)

Copy \`dist/${name}.mjs\` to the plugins directory of a pluginserver; \`npm run check\` shows what a gateway would see. The Dockerfile makes an image of Kong with the plugin.
`;

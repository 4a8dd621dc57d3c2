// Writes docs/errors.md, docs/metrics.md, docs/flags.md, the table of flags in README.md, docs/try-yaml.md, docs/testing.md, schema/try.schema.json and schema/config.schema.json from what the code says. With --check it only says whether they are up
// to date.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import prettier from "prettier";
import { AUTHENTICATORS, DOCUMENT, TEST_ENTITIES } from "../dist/gateways/kong/standin/index.js";
import { COMMANDS, FLAGS, plainFlag, PROGRAM_FLAGS } from "../dist/apps/flags/index.js";
import { prometheusName } from "../dist/apps/admin/metrics/metric.js";
import { METRICS } from "../dist/apps/admin/metrics/metric-table.js";
import { QUANTILE_METRIC } from "../dist/apps/admin/metrics/recent-quantiles.js";
import { FILE_FLAGS } from "../dist/apps/settings/config-file.js";
import { configSchema } from "./reference/config-schema.mjs";
import { ERROR_CODES, renderErrors } from "./reference/error-codes.mjs";
import { flagsInReadme, renderFlags } from "./reference/flags.mjs";
import { renderMetrics } from "./reference/metrics.mjs";
import { readDeclarations, renderTestKit } from "./reference/test-kit.mjs";
import { renderTryYaml, trySchema } from "./reference/try-yaml.mjs";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const intro = (name) => readFile(path(`scripts/reference/${name}.intro.md`), "utf8").then((text) => text.trimEnd());

const TEST_KIT = ["options", "messages", "test-plugin", "test-run", "pdk-calls", "errors"].map((name) =>
  path(`src/apps/testing/${name}.ts`),
);
TEST_KIT.push(path("src/gateways/kong/standin/gateway-log.ts"));
for (const name of ["test-tyk-plugin", "tyk-test-service"]) TEST_KIT.push(path(`src/apps/testing/tyk/${name}.ts`));
const declarations = readDeclarations(TEST_KIT);
const abouts = (shape) => Object.fromEntries(Object.entries(shape).map(([name, { about }]) => [name, about]));
const { route, service, consumer } = TEST_ENTITIES;
const ENTITIES = { TestRoute: abouts(route), TestService: abouts(service), TestConsumer: abouts(consumer) };
const OF_RESULTS = {
  TestedPlugin: Object.fromEntries(declarations.get("TestResult").members.map(({ name, comment }) => [name, comment])),
};
const CHAPTERS = [
  ["Options", ["TestSettings"], "option"],
  ["What the client sends", ["TestRequest", "HeadersInput", "TestBody"], "key"],
  ["What the service answers", ["Upstream", "UpstreamAnswer", "UpstreamResponse"], "key"],
  ["Entities", ["TestRoute", "TestService", "TestConsumer"], "key", ENTITIES],
  ["A tested plugin", ["TestedPlugin"], "member", OF_RESULTS],
  ["Results", ["TestResult", "PhaseOutcome", "TestCall", "TestLogLine", "ServerLogLine"], "member"],
  ["Messages", ["TestMessage", "TestResponse", "UpstreamRequest", "TestHeaders"], "member"],
  ["Errors", ["TestingError", "TestingErrorCode"], "member"],
  ["Options of testTykPlugin", ["TykTestOptions", "TykTestRequest"], "option"],
  ["What the service behind Tyk answers", ["TykTestUpstream"], "key"],
  ["A tested plugin for Tyk", ["TestedTykPlugin", "TykTestResult", "TykTestSession"], "member"],
];

const flags = FLAGS.map(plainFlag);

const outputs = [
  ["docs/errors.md", renderErrors(ERROR_CODES)],
  ["docs/flags.md", renderFlags({ flags, programFlags: PROGRAM_FLAGS, commands: COMMANDS }, await intro("flags"))],
  ["README.md", flagsInReadme(flags, await readFile(path("README.md"), "utf8"))],
  ["docs/metrics.md", renderMetrics([...METRICS, QUANTILE_METRIC], prometheusName, await intro("metrics"))],
  ["docs/try-yaml.md", renderTryYaml({ document: DOCUMENT, authenticators: AUTHENTICATORS }, await intro("try-yaml"))],
  ["docs/testing.md", renderTestKit(declarations, await intro("test-kit"), CHAPTERS)],
  ["schema/config.schema.json", `${JSON.stringify(configSchema(FILE_FLAGS, PROGRAM_FLAGS), undefined, 2)}\n`],
  ["schema/try.schema.json", `${JSON.stringify(trySchema(DOCUMENT), undefined, 2)}\n`],
];

for (const [name, text] of outputs) {
  const options = { ...(await prettier.resolveConfig(path(name))), filepath: name };
  const wanted = name.endsWith(".json") ? await prettier.format(text, options) : text;
  if (!process.argv.includes("--check")) {
    await mkdir(dirname(path(name)), { recursive: true });
    await writeFile(path(name), wanted);
  } else if ((await readFile(path(name), "utf8").catch(() => "")) !== wanted) {
    process.stderr.write(`${name} is not what the code says: run npm run docs:reference\n`);
    process.exitCode = 1;
  }
}

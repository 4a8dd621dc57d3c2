// The manifests of deploy/kubernetes: every key is one of Kubernetes' published API, what they refer to is there, and the real server serves their
// plugins as their containers start it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import type { Deployment } from "kubernetes-types/apps/v1.js";
import type { Container } from "kubernetes-types/core/v1.js";
import { BINARY, createTempDir, startCommand, startServer } from "../support/index.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDER = join(ROOT, "deploy/kubernetes");
const read = (path: string): unknown => parse(readFileSync(join(FOLDER, path), "utf8"), { merge: true });
const deploymentOf = (gateway: string): Deployment => read(`${gateway}/deployment.yaml`) as Deployment;

/** Types are made of the same document as the JSON schemas: a key too many, one that lacks, a value of another kind are errors of the compiler. */
function typeErrors(type: string, from: string, value: unknown): string[] {
  const file = join(ROOT, "manifest.ts");
  const text = `import type { ${type} } from "kubernetes-types/${from}.js";\nexport const value: ${type} = ${JSON.stringify(value)};\n`;
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: ts.ModuleKind.NodeNext,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const disk = ts.createCompilerHost(options);
  host.fileExists = (path) => path === file || disk.fileExists(path);
  host.getSourceFile = (path, ...rest) =>
    path === file ? ts.createSourceFile(path, text, ts.ScriptTarget.Latest) : disk.getSourceFile(path, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
}

const API: Readonly<Record<string, string>> = {
  Deployment: "apps/v1",
  Namespace: "core/v1",
  NetworkPolicy: "networking/v1",
  Service: "core/v1",
};

const filesIn = (gateway: string): string[] =>
  readdirSync(join(FOLDER, gateway), { recursive: true, encoding: "utf8" }).filter((path) => path.includes("."));

const manifests = ["kong", "tyk"].flatMap((gateway) =>
  filesIn(gateway)
    .filter((path) => path.endsWith(".yaml") && path !== "kustomization.yaml")
    .map((path) => `${gateway}/${path}`),
);

it("has manifests of both gateways", () => expect(manifests.length).toBe(8));

it.each(manifests)("%s is what Kubernetes takes", (path) => {
  const manifest = read(path) as { readonly kind: string };
  expect(typeErrors(manifest.kind, API[manifest.kind] ?? "none", manifest)).toEqual([]);
});

it("would find what Kubernetes does not take", () => {
  const manifest = { spec: { selector: {}, template: { spec: { containers: [{ name: "a", imagee: "b" }] } } } };
  expect(typeErrors("Deployment", "apps/v1", manifest)).toEqual([expect.stringContaining("imagee")]);
});

it.each(["kong", "tyk"])("the kustomization of %s names files that there are", (gateway) => {
  const { resources, configMapGenerator } = read(`${gateway}/kustomization.yaml`) as {
    readonly resources: readonly string[];
    readonly configMapGenerator: readonly { readonly name: string; readonly files: readonly string[] }[];
  };
  const files = [...resources, ...configMapGenerator.flatMap((map) => map.files)];
  expect(files.filter((file) => !existsSync(join(FOLDER, gateway, file)))).toEqual([]);
  const listed = new Set([...files, "kustomization.yaml"]);
  expect(filesIn(gateway).filter((file) => !listed.has(file))).toEqual([]);
  const maps = configMapGenerator.map(({ name }) => name);
  const volumes = deploymentOf(gateway).spec?.template.spec?.volumes ?? [];
  const used = volumes.flatMap(({ configMap }) => (configMap?.name === undefined ? [] : [configMap.name]));
  expect(used.sort()).toEqual([...maps].sort());
});

const containersOf = ({ spec }: Deployment): Container[] => [
  ...(spec?.template.spec?.initContainers ?? []),
  ...(spec?.template.spec?.containers ?? []),
];

it.each(["kong", "tyk"])(
  "the containers of %s mount volumes that there are, write nowhere else and have no rights",
  (gateway) => {
    const deployment = deploymentOf(gateway);
    const volumes = new Set(deployment.spec?.template.spec?.volumes?.map(({ name }) => name));
    for (const { name, volumeMounts, securityContext, resources } of containersOf(deployment)) {
      expect({ name, mounts: volumeMounts?.filter((mount) => !volumes.has(mount.name)) }).toEqual({ name, mounts: [] });
      expect(securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
      expect(resources?.limits).toHaveProperty("memory");
    }
  },
);

const LISTS = {
  initContainers: "Container",
  extraContainers: "Container",
  userDefinedVolumes: "Volume",
  extraVolumes: "Volume",
  extraEnvs: "EnvVar",
} as const;

it.each([
  ["kong", "deployment"],
  ["tyk", "gateway"],
])("the values for the chart of %s have containers and volumes that Kubernetes takes", (gateway, part) => {
  const values = (read(`helm/${gateway}-values.yaml`) as Record<string, Record<string, readonly unknown[]>>)[part] ?? {};
  const known = Object.entries(LISTS).filter(([key]) => key in values);
  expect(known.length).toBeGreaterThan(1);
  for (const [key, type] of known) for (const value of values[key] ?? []) expect(typeErrors(type, "core/v1", value)).toEqual([]);
});

it("Kong's dump is what the first container writes, and its server becomes ready", async () => {
  const temp = createTempDir("k8s");
  onTestFinished(() => temp.remove());
  mkdirSync(join(temp.path, "run"));
  const [dump, sidecar] = deploymentOf("kong").spec?.template.spec?.initContainers ?? [];
  const env = { PLUGINSERVER_PLUGINS_DIR: join(FOLDER, "kong/plugins"), PLUGINSERVER_SOCKET: join(temp.path, "run/kong.sock") };
  const command =
    dump?.command?.[2]?.replace("pluginserver ", `'${BINARY}' `).replace("/run/pluginserver/", `${temp.path}/run/`) ?? "";
  expect(spawnSync("sh", ["-c", command], { encoding: "utf8", env: { ...process.env, ...env } })).toMatchObject({ status: 0 });
  const written = JSON.parse(readFileSync(join(temp.path, "run/hello.json"), "utf8")) as unknown[];
  expect(JSON.stringify(written)).toContain('"Name":"hello"');
  const metrics = join(temp.path, "metrics.sock");
  const args = (sidecar?.args ?? []).map((arg) => (arg.includes(":9465") ? `unix://${metrics}` : arg));
  const server = await startServer({
    plugins: join(FOLDER, "kong/plugins"),
    prefix: join(temp.path, "run"),
    flags: ["-socket", env.PLUGINSERVER_SOCKET, ...args],
  });
  const ready = spawnSync("curl", ["-sf", "--unix-socket", metrics, "http://localhost/readyz"], { encoding: "utf8" });
  if (ready.error === undefined) expect(ready.stdout).toContain('"ready"');
  await server.close();
});

it("Tyk's sidecar serves Tyk alone", async () => {
  const temp = createTempDir("k8s");
  onTestFinished(() => temp.remove());
  const [sidecar] = deploymentOf("tyk").spec?.template.spec?.initContainers ?? [];
  const args = (sidecar?.args ?? []).map((arg) =>
    arg.replace("/run/pluginserver", temp.path).replace(/^0\.0\.0\.0:9465$/, `unix://${temp.path}/metrics.sock`),
  );
  const server = startCommand(["-plugins-dir", join(FOLDER, "tyk/plugins"), ...args], temp.path);
  await server.waitForLine(/is listening for Tyk gateways/);
  expect(existsSync(join(temp.path, "tyk.sock"))).toBe(true);
  expect(server.lines.join("\n")).toContain('"plugins":["greet"]');
  expect((await server.close()).code).toBe(0);
});

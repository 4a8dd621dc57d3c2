// The documents keep their word: what they show compiles, and what is generated is up to date. Samples that name a file are run, in
// test/integration/docs.test.ts.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TEST_ENTITIES } from "../../../src/gateways/kong/standin/index.js";
import { jsName, PDK_METHODS } from "../../../src/gateways/kong/pdk/index.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const DOCS = join(ROOT, "docs");
/** In the package, so that its own name resolves. */
const SAMPLES = join(ROOT, ".cache", "doc-samples");

const documents = [
  "README.md",
  ...readdirSync(DOCS, { recursive: true, encoding: "utf8" }).map((name) => join("docs", name)),
].filter((name) => name.endsWith(".md"));

/** The TypeScript of a document that stands on its own and imports this package. */
function samplesOf(document: string): { readonly name: string; readonly code: string }[] {
  const text = readFileSync(join(ROOT, document), "utf8");
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)]
    .map(([, code = ""], index) => ({ name: `${document.replaceAll(/[/.]/g, "-")}-${index}.ts`, code }))
    .filter(({ code }) => code.includes('from "pluginserver/') && !code.includes('from "./'));
}

describe("samples of TypeScript", () => {
  const samples = documents.flatMap(samplesOf);

  beforeAll(() => {
    mkdirSync(SAMPLES, { recursive: true });
    for (const { name, code } of samples) writeFileSync(join(SAMPLES, name), `${code}\nexport {};\n`);
  });
  afterAll(() => rmSync(SAMPLES, { recursive: true, force: true }));

  it("are there", () => {
    expect(samples.length).toBeGreaterThan(0);
  });

  it("compile as strictly as a project that `init` makes", { timeout: 60_000 }, () => {
    const program = ts.createProgram({
      rootNames: samples.map(({ name }) => join(SAMPLES, name)),
      options: {
        noEmit: true,
        strict: true,
        skipLibCheck: true,
        target: ts.ScriptTarget.ES2023,
        module: ts.ModuleKind.NodeNext,
        moduleResolution: ts.ModuleResolutionKind.NodeNext,
        types: ["node"],
        // README's samples of JavaScript style leave a parameter without its type.
        noImplicitAny: false,
      },
    });
    const problems = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
      return `${file?.fileName.split("/").at(-1) ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
    expect(problems).toEqual([]);
  });
});

describe("docs/pdk.md", () => {
  it("is what the types say: npm run docs:pdk", () => {
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, "scripts/pdk-docs.mjs"), "--check"], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  });

  it("has every function", () => {
    const text = readFileSync(join(DOCS, "pdk.md"), "utf8");
    const headings = new Set([...text.matchAll(/^### (\S+)$/gm)].map(([, name]) => name));
    const paths = PDK_METHODS.map(({ method }) => method.split(".").map(jsName).join("."));
    expect(paths.filter((path) => !headings.has(path))).toEqual([]);
  });
});

describe("the references of try.yaml and of the test kit", () => {
  it("are what the code says: npm run docs:reference", () => {
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, "scripts/reference-docs.mjs"), "--check"], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
  });

  it.each(Object.entries(TEST_ENTITIES))("name every key that a %s of a test may have", (name, shape) => {
    const text = readFileSync(join(DOCS, "testing.md"), "utf8");
    const [, section = ""] = new RegExp(`^### Test${name}$(.*?)^##`, "ims").exec(text) ?? [];
    const keys = [...section.matchAll(/^\| `(\w+)`/gm)].map(([, key]) => key);
    expect(keys.sort()).toEqual(Object.keys(shape).sort());
  });
});

describe("links between documents", () => {
  it.each(documents)("%s leads nowhere else than to files that are there", (document) => {
    const text = readFileSync(join(ROOT, document), "utf8");
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map(([, target = ""]) => target);
    const folder = join(ROOT, document, "..");
    const missing = links.filter((target) => spawnSync("test", ["-e", join(folder, target)]).status !== 0);
    expect(missing).toEqual([]);
  });
});

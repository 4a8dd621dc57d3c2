// Owns the samples in the documents: what is between the fences, and the project in which a reader has them.
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { createTempDir, runCli, type TempDir } from "../support/index.js";

const exec = promisify(execFile);
const ROOT = join(import.meta.dirname, "../..");

/** A fence, such as ` ```ts file=src/hello.ts `. */
export interface Sample {
  readonly language: string;
  /** What stands behind the language. */
  readonly info: string;
  /** Where it is to be: the path in the reader's project. */
  readonly file: string | undefined;
  readonly text: string;
  readonly line: number;
}

export function readSamples(document: string): readonly Sample[] {
  const text = readFileSync(join(ROOT, document), "utf8");
  return [...text.matchAll(/^```(\w*) ?(.*)\n([^]*?)^```$/gm)].map(({ 1: language = "", 2: info = "", 3: body = "", index }) => ({
    language,
    info,
    file: /^file=(\S+)$/.exec(info)?.[1],
    text: body,
    line: text.slice(0, index).split("\n").length,
  }));
}

/** What a fragment of a handler may take for granted. */
const AROUND_A_FRAGMENT = `import { definePlugin, isPdkError, type Kong, type KongFor } from "pluginserver/pdk";
import { testPlugin } from "pluginserver/testing";
declare const kong: Kong;
declare const config: { readonly upstream: string };
`;

/** Everything of a document, whatever the project itself includes. */
const TSCONFIG = { extends: "./tsconfig.json", include: ["**/*.ts"], exclude: ["node_modules", "build", "dist"] };

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project as `pluginserver init` makes it, with a document's files in it, beside this package as npm installs it. */
export class ReadersProject {
  readonly #temp: TempDir;
  readonly path: string;

  readonly #samples: readonly Sample[];

  private constructor(temp: TempDir, samples: readonly Sample[]) {
    this.#temp = temp;
    this.#samples = samples;
    this.path = join(temp.path, "quota");
  }

  static async create(samples: readonly Sample[]): Promise<ReadersProject> {
    const project = new ReadersProject(createTempDir("docs"), samples);
    const { stderr, code } = await runCli(["init", "quota"], { cwd: project.#temp.path });
    if (code !== 0) throw new Error(stderr);
    project.#install();
    project.#write("tsconfig.docs.json", JSON.stringify(TSCONFIG));
    for (const { file, info, text, line } of samples) {
      if (file !== undefined) project.#write(file, text);
      else if (info === "fragment") {
        project.#write(`fragments/line-${line}.ts`, `${AROUND_A_FRAGMENT}export async function handler() {\n${text}}\n`);
      }
    }
    return project;
  }

  #install(): void {
    const modules = join(this.path, "node_modules");
    mkdirSync(join(modules, "@types"), { recursive: true });
    mkdirSync(join(modules, ".bin"));
    symlinkSync(ROOT, join(modules, "pluginserver"));
    symlinkSync(join(ROOT, "bin/pluginserver"), join(modules, ".bin/pluginserver"));
    symlinkSync(join(ROOT, "node_modules/typescript/bin/tsc"), join(modules, ".bin/tsc"));
    for (const name of ["typescript", "@types/node", "undici-types"]) {
      symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
    }
  }

  #write(name: string, text: string): void {
    this.#temp.write(join("quota", name), text);
  }

  /** Makes every handler of the plugins return at once. */
  disableHandlers(): void {
    for (const { file, text } of this.#samples)
      if (file !== undefined && !file.includes(".test."))
        this.#write(
          file,
          text.replace(
            /^( *(?:async )?(?:access|response|log|Access|Response|Log)\(.*\{)$/gm,
            "$1\n    if (Date.now() > 0) return;",
          ),
        );
  }

  /** What a reader types there. */
  async run(command: string, ...args: readonly string[]): Promise<Ran> {
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      PATH: [join(this.path, "node_modules/.bin"), process.env["PATH"]].join(delimiter),
    };
    // A test runner in a test runner would report to the outer one.
    delete env["NODE_TEST_CONTEXT"];
    try {
      return { status: 0, ...(await exec(command, args, { cwd: this.path, env, timeout: 100_000 })) };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { status: code, stdout, stderr };
    }
  }

  remove(): void {
    this.#temp.remove();
  }
}

// Where the APIs of the stand-in of Tyk come from: a file or a folder of definitions, or one API for each plugin.
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { CommandError, messageOf } from "../../../core/model/index.js";
import type { PluginHooks } from "../../../gateways/tyk/conf/index.js";
import type { StandinApi } from "../../../gateways/tyk/standin/index.js";
import { standinApi, wholeDefinition } from "./tyk-apis.js";

const CONFIG_NAME = "try-tyk.yaml";
/** The OAS document of a definition that the gateway has in a file beside it. */
const COMPANION = "-oas.json";

export interface TrialApis {
  /** The file or folder that they are from. */
  readonly source: string | undefined;
  readonly apis: readonly StandinApi[];
}

interface Document {
  readonly place: string;
  readonly value: unknown;
}

export class TykTrialConfig {
  readonly #named: string | undefined;
  readonly #directory: string;
  readonly #echoUrl: string;
  readonly #folder: string;

  /**
   * @param named the file or folder that the command line names; else it is a file beside the plugins, if there is one.
   * @param folder gets the definitions as a gateway has them, for the server.
   */
  constructor(named: string | undefined, directory: string, echoUrl: string, folder: string) {
    this.#named = named;
    this.#directory = directory;
    this.#echoUrl = echoUrl;
    this.#folder = folder;
  }

  /** Another text for another content. */
  async version(): Promise<string> {
    const source = await this.#source();
    if (source === undefined) return "";
    const paths = await filesAt(source).catch(() => []);
    const found = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)));
    return paths.map((path, index) => `${path} ${found[index]?.mtimeMs} ${found[index]?.size} ${found[index]?.ino}`).join("\n");
  }

  /** @param plugins those that get an API where there is no file. @throws {CommandError} naming the file. */
  async read(plugins: readonly PluginHooks[]): Promise<TrialApis> {
    const source = await this.#source();
    const documents = source === undefined ? oneApiEach(plugins) : await this.#documents(source);
    const definitions = documents.map(({ place, value }) => ({ place, value: wholeDefinition(value, place, this.#echoUrl) }));
    const apis = definitions.map(({ place, value }) => inPlace(place, () => standinApi(value, place, this.#echoUrl)));
    await this.#keep(definitions.map(({ value }) => value));
    return { source, apis };
  }

  async #source(): Promise<string | undefined> {
    if (this.#named !== undefined) return this.#named;
    const path = join(this.#directory, CONFIG_NAME);
    return stat(path).then(
      () => path,
      () => undefined,
    );
  }

  async #documents(source: string): Promise<readonly Document[]> {
    const documents: Document[] = [];
    const paths = await filesAt(source).catch((error: unknown) => {
      throw new CommandError(`the configuration ${source} cannot be read: ${messageOf(error)}`);
    });
    for (const path of paths) {
      const text = (await readFile(path, "utf8")).replaceAll("${ECHO_URL}", this.#echoUrl);
      const value = inPlace(path, (): unknown => parse(text));
      const list = typeof value === "object" && value !== null && "apis" in value ? value.apis : [value];
      if (!Array.isArray(list)) throw new CommandError(`${path}: apis is a list`);
      list.forEach((one: unknown, index) =>
        documents.push({ place: list.length > 1 ? `${path}, API ${index + 1}` : path, value: one }),
      );
    }
    return documents;
  }

  /** Each in one step: the server looks at them meanwhile. */
  async #keep(definitions: readonly unknown[]): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const names = definitions.map((_, index) => `${index}.json`);
    for (const [index, name] of names.entries()) {
      await writeFile(join(this.#folder, `.${name}`), JSON.stringify(definitions[index]));
      await rename(join(this.#folder, `.${name}`), join(this.#folder, name));
    }
    const others = (await readdir(this.#folder)).filter((name) => !names.includes(name));
    for (const name of others) await rm(join(this.#folder, name));
  }
}

async function filesAt(source: string): Promise<readonly string[]> {
  if (!(await stat(source)).isDirectory()) return [source];
  const names = (await readdir(source)).filter((name) => /\.(json|ya?ml)$/.test(name)).sort();
  const isCompanion = (name: string): boolean => name.endsWith(COMPANION) && names.includes(name.replace(COMPANION, ".json"));
  const hasCompanion = (name: string): boolean => names.includes(name.replace(/\.json$/, COMPANION)) && !isCompanion(name);
  // Of the two the OAS document says more.
  return names.filter((name) => isCompanion(name) || !hasCompanion(name)).map((name) => join(source, name));
}

function inPlace<Value>(place: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw new CommandError(reason.startsWith(place) ? reason : `${place}: ${reason}`, { cause: error });
  }
}

/** Every plugin gets an API of its own name, with all hooks that it has. An API has one authCheck: the first. */
function oneApiEach(plugins: readonly PluginHooks[]): readonly Document[] {
  return plugins.map(({ plugin, hooks }) => ({
    place: plugin,
    value: {
      name: plugin,
      ...(hooks.authCheck === undefined ? {} : { auth_check: hooks.authCheck[0] }),
      pre: hooks.pre,
      post_key_auth: hooks.postAuthCheck,
      post: hooks.post,
      response: hooks.response,
    },
  }));
}

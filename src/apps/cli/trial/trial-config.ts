// Where the configuration of the stand-in gateway comes from: a file, or one route for each plugin.
import { access, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { CommandError, messageOf } from "../../../core/model/index.js";

const CONFIG_NAME = "try.yaml";

export class TrialConfig {
  readonly #named: string | undefined;
  readonly #directory: string;
  readonly #echoUrl: string;

  /** @param named the file that the command line names; else it is one beside the plugins, if there is one. */
  constructor(named: string | undefined, directory: string, echoUrl: string) {
    this.#named = named;
    this.#directory = directory;
    this.#echoUrl = echoUrl;
  }

  /** The file, as long as there is one. */
  async file(): Promise<string | undefined> {
    if (this.#named !== undefined) return this.#named;
    const path = join(this.#directory, CONFIG_NAME);
    return access(path).then(
      () => path,
      () => undefined,
    );
  }

  /** Another text for another content, or another file. */
  async version(): Promise<string> {
    const file = await this.file();
    // Gone between the two looks: that is a version too.
    const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
    return found === undefined ? "" : `${String(file)} ${found.mtimeMs} ${found.size} ${found.ino}`;
  }

  /** The document, and the file that it is from. `names` are the plugins that get a route where there is no file. */
  async read(names: readonly string[]): Promise<{ readonly file: string | undefined; readonly document: unknown }> {
    const file = await this.file();
    return { file, document: file === undefined ? oneRouteEach(names, this.#echoUrl) : await readDocument(file, this.#echoUrl) };
  }
}

/** YAML or JSON, in which `${ECHO_URL}` stands for the echo upstream. */
async function readDocument(path: string, echoUrl: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new CommandError(`the configuration ${path} cannot be read: ${messageOf(error)}`);
  });
  try {
    return parse(text.replaceAll("${ECHO_URL}", echoUrl));
  } catch (error) {
    throw new CommandError(
      `the configuration ${path} is no YAML: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`,
    );
  }
}

/** Every plugin gets a route of its own name and its default configuration. */
function oneRouteEach(names: readonly string[], url: string): object {
  const routes = names.map((name) => ({ name, paths: [`/${name}`], strip_path: false, plugins: [{ name }] }));
  return { _format_version: "3.0", services: [{ name: "echo", url, routes }] };
}

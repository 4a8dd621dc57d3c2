// Chooses where API definitions come from: the first source that is configured.
import { readFile } from "node:fs/promises";
import { messageOf } from "../../../core/model/index.js";
import type { DefinitionSource } from "./definition-source.js";
import { DefinitionError } from "./errors.js";
import { FolderDefinitions, type FolderListener } from "./folder-definitions.js";
import { GatewayDefinitions } from "./gateway-definitions.js";

export interface DefinitionOptions {
  /** A folder of definitions: the gateway's app_path. */
  readonly apps?: string | undefined;
  /** Address of the Gateway API, such as `http://127.0.0.1:8080`. */
  readonly api?: string | undefined;
  /** A file with the secret of the Gateway API; else it is in the environment. */
  readonly secretFile?: string | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  readonly listener: FolderListener;
}

const VARIABLE = "TYK_SECRET";

/**
 * Undefined where none is configured.
 * @throws {DefinitionError} for a folder that is not there, an address that is none, or a secret that is missing.
 */
export async function definitionSource(options: DefinitionOptions): Promise<DefinitionSource | undefined> {
  const { apps, api, listener } = options;
  if (apps !== undefined) return FolderDefinitions.open(apps, listener);
  if (api === undefined) return undefined;
  const secret = secretOf(options);
  // A wrong path is told now, and not with the first request that asks.
  await secret();
  return new GatewayDefinitions({ url: baseUrl(api), secret, onProblem: (id, error) => listener.onProblem(id, error) });
}

function baseUrl(api: string): URL {
  const url = URL.canParse(api) ? new URL(api) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:")
    throw new DefinitionError("TYK_DEFINITION_UNAVAILABLE", `-tyk-api ${api} is no address: use http://HOST:PORT`);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

function secretOf({ secretFile, environment = process.env }: DefinitionOptions): () => Promise<string> {
  const missing = (where: string, cause?: unknown): DefinitionError =>
    new DefinitionError("TYK_DEFINITION_SECRET", `${where}: it has to be the gateway's own, "secret" in tyk.conf`, { cause });
  if (secretFile === undefined) {
    const secret = environment[VARIABLE] ?? "";
    return () =>
      secret === "" ? Promise.reject(missing(`${VARIABLE} is not set, and no file is given`)) : Promise.resolve(secret);
  }
  return async () => {
    const text = await readFile(secretFile, "utf8").catch((error: unknown) => {
      throw missing(messageOf(error), error);
    });
    const secret = text.trim();
    if (secret === "") throw missing(`${secretFile} is empty`);
    return secret;
  };
}

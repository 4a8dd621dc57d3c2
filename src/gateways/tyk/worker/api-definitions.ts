// Owns what this isolate knows of the definitions of APIs: each is parsed once for as long as it stays the same.
import { isRecord } from "../../../core/model/index.js";
import { type ApiDefinition, TykError } from "../api/index.js";
import { deepFreeze } from "./own-json.js";
import type { HookCall } from "./calls/hook-call.js";

interface Known {
  readonly bytes: Buffer;
  readonly definition: ApiDefinition;
}

interface ListenPath {
  readonly value: string | undefined;
  /** When it was asked for: milliseconds of `Date.now()`. */
  readonly since: number;
}

/** APIs. */
const MAX_KNOWN = 256;
/** Milliseconds for which the endpoints of an API trust the path that they were told. */
const LISTEN_PATH_AGE = 30_000;

export class ApiDefinitions {
  readonly #known = new Map<string, Known>();
  readonly #listenPaths = new Map<string, ListenPath>();

  /** @throws {TykError} `TYK_NO_DEFINITION` */
  async definition(call: HookCall, apiId: string): Promise<ApiDefinition> {
    const definition = await this.#find(call, apiId);
    if (definition !== undefined) return definition;
    throw new TykError("TYK_NO_DEFINITION", "api.definition()", "start the server with -tyk-apps DIR, or with -tyk-api URL");
  }

  /** Undefined where the server has no definitions. An API that it should know and does not fails the call. */
  listenPath(call: HookCall, apiId: string): string | undefined | Promise<string | undefined> {
    const known = this.#listenPaths.get(apiId);
    if (known !== undefined && Date.now() - known.since < LISTEN_PATH_AGE) return known.value;
    return this.#find(call, apiId).then((definition) => {
      const value = definition?.listenPath;
      remember(this.#listenPaths, apiId, { value, since: Date.now() });
      return value;
    });
  }

  async #find(call: HookCall, apiId: string): Promise<ApiDefinition | undefined> {
    const bytes = await call.askDefinition(apiId);
    if (bytes === undefined || bytes.length === 0) return undefined;
    const known = this.#known.get(apiId);
    if (known?.bytes.equals(bytes) === true) return known.definition;
    const definition: unknown = JSON.parse(bytes.toString());
    if (!isRecord(definition)) throw new TykError("TYK_NO_DEFINITION", "api.definition()", "the server gave what is none");
    const entry = { bytes: Buffer.from(bytes), definition: deepFreeze(definition as unknown as ApiDefinition) };
    remember(this.#known, apiId, entry);
    return entry.definition;
  }
}

/** The oldest goes where there are too many. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_KNOWN && oldest !== undefined) map.delete(oldest);
}

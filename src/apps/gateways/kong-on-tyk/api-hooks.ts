// Finds out whether an API calls a plugin's response hook, as far as the server knows the API's definition.
import { isRecord } from "../../../core/model/index.js";
import { type ApiDefinition, isTykError } from "../../../gateways/tyk/api/index.js";

type Fields = Readonly<Record<string, unknown>>;

/** Milliseconds for which an API's hooks are taken for what they were. */
const MAX_AGE = 30_000;
/** APIs. */
const MAX_KNOWN = 256;

export class ApiHooks {
  readonly #plugin: string;
  readonly #known = new Map<string, { readonly calls: boolean | undefined; readonly since: number }>();

  constructor(plugin: string) {
    this.#plugin = plugin;
  }

  /** `undefined` where that is not known: there are no definitions, or the hooks stand in a bundle. */
  async callsResponse(api: { readonly id: string; definition(): Promise<ApiDefinition> }): Promise<boolean | undefined> {
    const known = this.#known.get(api.id);
    if (known !== undefined && Date.now() - known.since < MAX_AGE) return known.calls;
    const calls = await this.#find(api);
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(api.id, { calls, since: Date.now() });
    return calls;
  }

  async #find(api: { definition(): Promise<ApiDefinition> }): Promise<boolean | undefined> {
    let definition: ApiDefinition;
    try {
      definition = await api.definition();
    } catch (error) {
      if (isTykError(error) && error.code === "TYK_NO_DEFINITION") return undefined;
      throw error;
    }
    if (definition.bundle !== undefined) return undefined;
    return responseHooks(definition).some((name) => name === this.#plugin || name.startsWith(`${this.#plugin}:`));
  }
}

function responseHooks({ form, document }: ApiDefinition): string[] {
  if (form === "classic")
    return namesIn(at(document, "custom_middleware", "response"), "name", ({ disabled }) => disabled !== true);
  const global = at(document, "x-tyk-api-gateway", "middleware", "global");
  const isOn = ({ enabled }: Fields): boolean => enabled === true;
  return [
    ...namesIn(at(global, "responsePlugins"), "functionName", isOn),
    ...namesIn(at(global, "responsePlugin", "plugins"), "functionName", isOn),
  ];
}

function namesIn(hooks: unknown, key: string, isOn: (hook: Fields) => boolean): string[] {
  if (!Array.isArray(hooks)) return [];
  return hooks.flatMap((hook: unknown) => {
    const name = isRecord(hook) && isOn(hook) ? hook[key] : undefined;
    return typeof name === "string" ? [name] : [];
  });
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((inner, name) => (isRecord(inner) ? inner[name] : undefined), value);
}

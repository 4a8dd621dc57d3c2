// Asks the Gateway API for API definitions, when a plugin does: keeps what it got, and refreshes it behind requests.
import { cutText, isRecord, messageOf } from "../../../core/model/index.js";
import type { ApiDefinition } from "../api/index.js";
import { hasOas, parseDefinition, withDocument } from "./api-definition.js";
import type { DefinitionSource } from "./definition-source.js";
import { DefinitionError } from "./errors.js";

export interface GatewayDefinitionsOptions {
  readonly url: URL;
  /** Asked for each request, so that a secret may change. @throws {DefinitionError} */
  readonly secret: () => Promise<string>;
  /** A definition that is kept could not be refreshed; told once for as long as the reason is the same. */
  readonly onProblem: (apiId: string, error: DefinitionError) => void;
  /** Milliseconds after which a definition that is asked for is refreshed. */
  readonly maxAge?: number | undefined;
}

/** Milliseconds. */
const MAX_AGE = 30_000;
/** How long it is believed that there is no such API, in milliseconds. */
const MAX_AGE_FAILED = 2000;
const TIMEOUT = 10_000;
/** APIs that are kept; those that were asked for the longest time ago go first. */
const MAX_KEPT = 10_000;
const MAX_REQUESTS = 8;
/** Bytes. */
const MAX_BODY = 16_777_216;

interface Kept {
  readonly outcome: ApiDefinition | DefinitionError;
  readonly time: number;
}

export class GatewayDefinitions implements DefinitionSource {
  readonly #options: GatewayDefinitionsOptions;
  readonly #kept = new Map<string, Kept>();
  /** One for each API. */
  readonly #running = new Map<string, Promise<ApiDefinition>>();
  readonly #waiting: (() => void)[] = [];
  #requests = 0;
  readonly #told = new Map<string, string>();
  readonly #ending = new AbortController();

  constructor(options: GatewayDefinitionsOptions) {
    this.#options = options;
  }

  async definition(apiId: string): Promise<ApiDefinition> {
    const kept = this.#kept.get(apiId);
    if (kept === undefined) return this.#ask(apiId);
    const age = performance.now() - kept.time;
    if (kept.outcome instanceof DefinitionError) {
      if (age >= MAX_AGE_FAILED) return this.#ask(apiId);
      throw kept.outcome;
    }
    // Again the last one that goes.
    this.#kept.delete(apiId);
    this.#kept.set(apiId, kept);
    if (age >= (this.#options.maxAge ?? MAX_AGE)) this.#refresh(apiId);
    return kept.outcome;
  }

  /** Of the classic form of all definitions, which the gateway keeps of OAS ones too. */
  async bundles(): Promise<readonly string[]> {
    const { url } = this.#options;
    try {
      const listed = await this.#inTurn(() => this.#get("tyk/apis", ""));
      if (!Array.isArray(listed)) throw new DefinitionError("TYK_DEFINITION_BROKEN", `${url.href}tyk/apis is no list`);
      const definitions = listed.map((value) => parseDefinition(value, `${url.href}tyk/apis`));
      return [...new Set(definitions.flatMap(({ bundle }) => bundle ?? []))];
    } catch (error) {
      throw error instanceof DefinitionError ? error : unavailable(url, error);
    }
  }

  async close(): Promise<void> {
    this.#ending.abort();
    for (const start of this.#waiting.splice(0)) start();
    await Promise.allSettled(this.#running.values());
  }

  /** Behind the request that asked: it has its answer already. */
  #refresh(apiId: string): void {
    this.#ask(apiId).catch((error: unknown) => {
      if (this.#ending.signal.aborted || !(error instanceof DefinitionError)) return;
      if (this.#told.get(apiId) === error.message) return;
      this.#told.set(apiId, error.message);
      this.#options.onProblem(apiId, error);
    });
  }

  #ask(apiId: string): Promise<ApiDefinition> {
    const running = this.#running.get(apiId);
    if (running !== undefined) return running;
    const asked = this.#fetchAndKeep(apiId).finally(() => this.#running.delete(apiId));
    this.#running.set(apiId, asked);
    return asked;
  }

  async #fetchAndKeep(apiId: string): Promise<ApiDefinition> {
    try {
      const definition = await this.#inTurn(() => this.#fetch(apiId));
      this.#told.delete(apiId);
      this.#keep(apiId, definition);
      return definition;
    } catch (error) {
      const failure = error instanceof DefinitionError ? error : unavailable(this.#options.url, error);
      const kept = this.#kept.get(apiId)?.outcome;
      // A gateway that restarts has no definitions for a while: the last one goes on, and is asked for again after a pause.
      this.#keep(apiId, kept === undefined || kept instanceof DefinitionError ? failure : kept);
      throw failure;
    }
  }

  #keep(apiId: string, outcome: ApiDefinition | DefinitionError): void {
    this.#kept.delete(apiId);
    this.#kept.set(apiId, { outcome, time: performance.now() });
    if (this.#kept.size <= MAX_KEPT) return;
    const [oldest = apiId] = this.#kept.keys();
    this.#kept.delete(oldest);
    this.#told.delete(oldest);
  }

  async #inTurn<T>(run: () => Promise<T>): Promise<T> {
    if (this.#requests >= MAX_REQUESTS) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#requests += 1;
    try {
      return await run();
    } finally {
      // Whoever waits takes this one's place.
      const next = this.#waiting.shift();
      if (next === undefined) this.#requests -= 1;
      else next();
    }
  }

  async #fetch(apiId: string): Promise<ApiDefinition> {
    const id = encodeURIComponent(apiId);
    const classic = await this.#get(`tyk/apis/${id}`, apiId);
    if (!isRecord(classic)) throw new DefinitionError("TYK_DEFINITION_BROKEN", `tyk/apis/${id} answered with no JSON object`);
    const definition = parseDefinition(classic, `the answer for ${JSON.stringify(apiId)}`);
    if (!hasOas(definition)) return definition;
    return withDocument(definition, await this.#get(`tyk/apis/oas/${id}`, apiId));
  }

  async #get(path: string, apiId: string): Promise<unknown> {
    const url = new URL(path, this.#options.url);
    const response = await fetch(url, {
      headers: { "x-tyk-authorization": await this.#options.secret(), accept: "application/json" },
      // The secret is for this address alone.
      redirect: "error",
      signal: AbortSignal.any([this.#ending.signal, AbortSignal.timeout(TIMEOUT)]),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw refusal(response.status, url, apiId);
    }
    return JSON.parse(await readText(response, url));
  }
}

function refusal(status: number, url: URL, apiId: string): DefinitionError {
  const named = JSON.stringify(cutText(apiId, 200));
  if (status === 404)
    return new DefinitionError("TYK_DEFINITION_UNKNOWN", `the gateway at ${url.origin} has no API with the id ${named}`);
  if (status === 401 || status === 403)
    return new DefinitionError(
      "TYK_DEFINITION_UNAVAILABLE",
      `${url.origin} refuses the secret (${status}): it has to be the gateway's own, "secret" in tyk.conf`,
    );
  return new DefinitionError("TYK_DEFINITION_UNAVAILABLE", `${url.href} answered with status ${status}`);
}

function unavailable(url: URL, error: unknown): DefinitionError {
  // What fetch itself says is "fetch failed".
  const { cause } = error instanceof Error ? error : {};
  const reason = cause instanceof Error && cause.message !== "" ? cause.message : messageOf(error);
  return new DefinitionError("TYK_DEFINITION_UNAVAILABLE", `${url.origin}: ${reason}`, { cause: error });
}

async function readText(response: Response, url: URL): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the body.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new DefinitionError("TYK_DEFINITION_BROKEN", `${url.href} has more than ${MAX_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

// Asks a running server over its admin socket. What it answers is looked at before it is used: it may be of another version.
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connectTo } from "../../core/net/index.js";
import { CommandError, UsageError } from "../../core/model/index.js";

/** Bytes of an answer that is kept in memory. */
const MAX_ANSWER = 32 * 2 ** 20;
const OK = 200;
const BAD_REQUEST = 400;

export class AdminClient {
  readonly #path: string;

  /** `path` is that of the admin socket. */
  constructor(path: string) {
    this.#path = path;
  }

  /** @throws {UsageError} where the server does not understand it, {CommandError} where it cannot do it. */
  async ask(method: "GET" | "POST", path: string, body?: object): Promise<unknown> {
    const text = await textOf(await this.open(method, path, body));
    return JSON.parse(text) as unknown;
  }

  /** The same for an answer that is not kept in memory, or comes bit by bit. */
  async open(method: "GET" | "POST", path: string, body?: object): Promise<IncomingMessage> {
    const response = await this.#send(method, path, body);
    if (response.statusCode === OK) return response;
    const message = errorIn(await textOf(response)) ?? `the server answered ${response.statusCode ?? "nothing"}`;
    throw response.statusCode === BAD_REQUEST ? new UsageError(message) : new CommandError(message);
  }

  #send(method: string, path: string, body: object | undefined): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({ method, path, createConnection: () => connectTo(this.#path) }, resolve);
      request.once("error", (error) => reject(new CommandError(`the server does not answer at ${this.#path}: ${error.message}`)));
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER) throw new CommandError("the server's answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function errorIn(text: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === "object" && answer !== null && "error" in answer ? String(answer.error) : undefined;
  } catch {
    // No answer of a server of ours.
    return undefined;
  }
}

/** The lines that a server says it has done something with. */
export const linesIn = (answer: unknown): string[] =>
  typeof answer === "object" && answer !== null && "said" in answer && Array.isArray(answer.said) ? answer.said.map(String) : [];

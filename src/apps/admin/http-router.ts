// Answers what operators ask over HTTP: metrics, and whatever else adds a route. It knows no server, only paths.
import type { IncomingMessage, ServerResponse } from "node:http";
import { messageOf } from "../../core/model/index.js";

export interface AdminRequest {
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: IncomingMessage["headers"];
}

export interface AdminAnswer {
  /** 200 by default. */
  readonly status?: number;
  readonly contentType: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers GET requests of one path. What it throws is answered with 500 and its message. */
export type AdminRoute = (request: AdminRequest) => AdminAnswer | Promise<AdminAnswer>;

const TEXT = "text/plain; charset=utf-8";
/** Nothing here is for a page of another site. */
const HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" } as const;

export class AdminRouter {
  readonly #routes = new Map<string, AdminRoute>();

  /** @example router.add("/healthz", () => ({ contentType: "text/plain", body: "ok\n" })); */
  add(path: string, route: AdminRoute): void {
    this.#routes.set(path, route);
  }

  /** Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.#answer(request);
    const { status = 200, contentType, body, headers } = answer;
    const bytes = Buffer.from(body);
    response.writeHead(status, { ...HEADERS, ...headers, "content-type": contentType, "content-length": bytes.length });
    response.end(request.method === "HEAD" ? undefined : bytes);
  }

  async #answer({ method, url = "/", headers }: IncomingMessage): Promise<AdminAnswer> {
    if (method !== "GET" && method !== "HEAD")
      return { status: 405, contentType: TEXT, body: "only GET is answered here\n", headers: { allow: "GET, HEAD" } };
    const [path = "/", query = ""] = url.split("?", 2);
    const route = this.#routes.get(path);
    if (route === undefined)
      return { status: 404, contentType: TEXT, body: `there is: ${[...this.#routes.keys()].join(", ")}\n` };
    try {
      return await route({ path, query: new URLSearchParams(query), headers });
    } catch (error) {
      return { status: 500, contentType: TEXT, body: `${messageOf(error)}\n` };
    }
  }
}

// Owns what the stand-in knows of one request on its way, and what can become of it.
import type { SessionState } from "../messages/index.js";
import type { TykRelease } from "../releases/index.js";
import type { StandinApi } from "./api.js";
import type { GoHeaders, GoHeaderList } from "./http/go-headers.js";
import type { GoUrl } from "./http/go-url.js";
import type { ByteString } from "./http/byte-text.js";

/** A request as a client sent it. */
export interface ClientRequest {
  readonly method: string;
  /** The target of the request line. */
  readonly target: ByteString;
  readonly headers: GoHeaderList;
  readonly body: Buffer;
  readonly scheme: "http" | "https";
  /** The client's address. */
  readonly address: string;
}

export interface ClientResponse {
  readonly status: number;
  readonly headers: GoHeaderList;
  readonly body: Buffer;
  /** The connection ends before the client has all that Content-Length promised. */
  readonly isCut?: boolean;
}

/** A panic of the gateway: it closes the client's connection without an answer. */
export interface Dropped {
  readonly dropped: string;
}

export interface ProxiedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: GoHeaderList;
  readonly body: Buffer;
}

export interface ProxiedResponse {
  readonly status: number;
  readonly headers: GoHeaderList;
  readonly body: Buffer;
}

/** Asks the service behind the gateway. Rejects where it cannot be asked. */
export type UpstreamHandler = (request: ProxiedRequest, signal: AbortSignal) => Promise<ProxiedResponse>;

/** What the chain changes. */
export interface TykExchange {
  readonly release: TykRelease;
  readonly api: StandinApi;
  readonly client: ClientRequest;
  readonly signal: AbortSignal;
  method: string;
  url: GoUrl;
  /** Where a URL rewrite sends the request: hooks see and set this in place of the URL. */
  rewritten: Rewritten | undefined;
  /** What the upstream was asked for: response hooks see this. */
  asked: string | undefined;
  readonly headers: GoHeaders;
  readonly host: string;
  body: Buffer;
  session: KeySession | undefined;
}

export interface KeySession {
  /** The key in the store. */
  readonly key: string;
  readonly state: SessionState;
}

export interface Rewritten {
  readonly url: ByteString;
  /** Whether it was an absolute URL: then it must stay one. */
  readonly isAbsolute: boolean;
}

/** The end of a request, or undefined where it goes on. */
export type HookVerdict = ClientResponse | Dropped | undefined;

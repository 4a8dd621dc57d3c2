// Owns what the stand-in knows of one request on its way, and what can become of it.
import type { SessionState } from "../messages/index.js";
import type { TykRelease } from "../releases/index.js";
import type { TykApi } from "./api.js";
import type { GoHeaders, HeaderList } from "./http/go-headers.js";
import type { GoUrl } from "./http/go-url.js";
import type { ByteText } from "./http/byte-text.js";

/** A request as a client sent it. */
export interface ClientRequest {
  readonly method: string;
  /** The target of the request line. */
  readonly target: ByteText;
  readonly headers: HeaderList;
  readonly body: Buffer;
  readonly scheme: "http" | "https";
  /** The client's address. */
  readonly address: string;
}

export interface GatewayResponse {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: Buffer;
  /** The connection ends before the client has all that Content-Length promised. */
  readonly isCut?: boolean;
}

/** A panic of the gateway: it closes the client's connection without an answer. */
export interface Dropped {
  readonly dropped: string;
}

export interface UpstreamRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: HeaderList;
  readonly body: Buffer;
}

export interface UpstreamResponse {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: Buffer;
}

/** Asks the service behind the gateway. Rejects where it cannot be asked. */
export type Upstream = (request: UpstreamRequest, signal: AbortSignal) => Promise<UpstreamResponse>;

/** What the chain changes. */
export interface Exchange {
  readonly release: TykRelease;
  readonly api: TykApi;
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
  readonly url: ByteText;
  /** Whether it was an absolute URL: then it must stay one. */
  readonly isAbsolute: boolean;
}

/** The end of a request, or undefined where it goes on. */
export type Verdict = GatewayResponse | Dropped | undefined;

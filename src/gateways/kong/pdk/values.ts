// Owns the types of what plugins hand to the gateway as headers, query arguments and bodies.

/** One value of a header. Numbers and booleans are written as text; bytes are sent as they are. */
export type HeaderValue = string | number | boolean | Uint8Array;

/** Headers by name; a list sends the header once per value. */
export type HeaderValues = Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>;

/** One query argument; `true` sends the bare name. */
export type QueryValue = string | number | boolean;

/** Query arguments by name; a list repeats the argument. */
export type QueryValues = Readonly<Record<string, QueryValue | readonly QueryValue[]>>;

/** A file in a multipart form. */
export interface UploadedFile {
  readonly filename: string;
  readonly contentType?: string;
  readonly content: Uint8Array;
}

/** How much of a body a call may bring. */
export interface BodyOptions {
  /** The largest size in bytes; `Infinity` for any. */
  readonly maxSize?: number;
}

/** A parsed body: the fields of a form, or a JSON object or array. */
export type ParsedBody = Record<string, unknown> | unknown[];

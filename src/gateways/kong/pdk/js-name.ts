// Owns how a name of the gateway is spelt in JavaScript, and back.

/** `"get_header"` as a type becomes `"getHeader"`. Dots are left alone, so whole paths can be given. */
export type JsName<Wire extends string> = Wire extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<JsName<Tail>>}`
  : Wire;

/**
 * One segment of a gateway name in camel case.
 *
 * @example
 * jsName("get_tls1_version_str"); // "getTls1VersionStr"
 */
export function jsName(segment: string): string {
  return segment.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

/**
 * The gateway's spelling of one camel case segment; undoes {@link jsName}.
 *
 * @example
 * wireName("getTls1VersionStr"); // "get_tls1_version_str"
 */
export function wireName(segment: string): string {
  return segment.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

// Tells what the first bytes of a connection are where its client speaks neither protocol.

/** As many bytes always suffice. */
const ENOUGH = 6;

const HTTP = /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|CONNECT|TRACE|PRI|HTTP)/;
const TLS_HANDSHAKE = 0x16;
const TLS_MAJOR = 3;
const CLIENT_HELLO = 1;
/** With this field every call of ProtoBuf:1 begins. */
const SEQUENCE_TAG = 0x08;

/**
 * Undefined where they may begin a message; "undecided" while there are too few. A length of ProtoBuf:1 that reads as text is
 * beyond any limit, and MsgPack:1 begins with no text.
 */
export function foreignBytes(bytes: Buffer): string | undefined {
  const first = bytes.subarray(0, ENOUGH);
  if (first[0] === TLS_HANDSHAKE) return isHello(first) ? "TLS" : undefined;
  if (first.length === 0 || !first.every(isPrintable)) return undefined;
  if (first.length < ENOUGH) return "undecided";
  return HTTP.test(bytes.toString("latin1", 0, "OPTIONS".length)) ? "HTTP" : "text";
}

const isHello = ([, major, , , fifth, sixth]: Uint8Array): boolean =>
  major === TLS_MAJOR && fifth !== SEQUENCE_TAG && sixth === CLIENT_HELLO;

const isPrintable = (byte: number): boolean => (byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d);

// Tells by the first bytes of a connection which protocol its client speaks.

import type { Protocol } from "../msgpack/index.js";

/** As many bytes always suffice; no client waits for anything before it has sent them. */
export const BYTES_TO_DETECT = 5;

const REQUEST = 0;
const NOTIFICATION = 2;

/**
 * MsgPack:1 begins with an array of four whose first element is 0, then a message id and a name (or of three, with 2 and
 * a name). ProtoBuf:1 begins with the length of a message, little-endian, so that its third and fourth byte are small or 0.
 * Undefined while the bytes would fit both.
 */
export function detectProtocol(bytes: Uint8Array): Protocol | undefined {
  const [tag, second, third, fourth, fifth] = bytes;
  if (tag === undefined) return undefined;
  switch (tag) {
    case 0x94:
      return decide(
        [second, (type) => type === REQUEST],
        [third, isMessageId],
        [fourth, third === undefined || third < 0x80 ? isText : anything],
      );
    case 0x93:
      return decide([second, (type) => type === NOTIFICATION], [third, isText]);
    // The same arrays in longer forms, which some encoders choose.
    case 0xdc:
      return decide([second, isZero], [third, isLength], [fourth, (type) => type === REQUEST || type === NOTIFICATION]);
    case 0xdd:
      return decide([second, isZero], [third, isZero], [fourth, isZero], [fifth, isLength]);
    default:
      return "ProtoBuf:1";
  }
}

type Expectation = readonly [byte: number | undefined, fits: (byte: number) => boolean];

/** MsgPack:1 where every byte is as it would be there. */
function decide(...expectations: readonly Expectation[]): Protocol | undefined {
  for (const [byte, fits] of expectations) {
    if (byte === undefined) return undefined;
    if (!fits(byte)) return "ProtoBuf:1";
  }
  return "MsgPack:1";
}

const anything = (): boolean => true;
const isZero = (byte: number): boolean => byte === 0;
const isLength = (byte: number): boolean => byte === 3 || byte === 4;
/** An unsigned integer of any size. */
const isMessageId = (byte: number): boolean => byte < 0x80 || (byte >= 0xcc && byte <= 0xcf);
/** A str, or a bin. */
const isText = (byte: number): boolean =>
  (byte >= 0xa0 && byte <= 0xbf) || (byte >= 0xc4 && byte <= 0xc6) || (byte >= 0xd9 && byte <= 0xdb);

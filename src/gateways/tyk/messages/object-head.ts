// Reads what the main thread must know of a call: which hook it is for, and of which API. All else is passed over by its length.
import { MessageError } from "./codec/message-error.js";
import { ENTRY_KEY, ENTRY_VALUE, EVENT, HOOK_TYPES, type HookType, OBJECT } from "./codec/message-types.js";
import { repeatedText } from "./repeated-texts.js";
import { WIRE_TYPES, WireReader } from "./codec/wire-reader.js";

/** What the gateway says of the API that the request is for. */
export interface Spec {
  /** `OrgID`; empty where it is missing, as the others. */
  readonly orgId: string;
  /** `APIID`. */
  readonly apiId: string;
  /** `bundle_hash`: MD5 of the text of `custom_middleware_bundle`, in hex. */
  readonly bundleHash: string;
  /** `config_data`: JSON. `undefined` where the API has none; gateways before 5.0.0 send `{}` then. */
  readonly configData: string | undefined;
}

export interface ObjectHead {
  readonly hookType: HookType;
  /** As it stands in the API definition. */
  readonly hookName: string;
  readonly spec: Spec;
}

/** There are four. */
const MAX_SPEC_ENTRIES = 256;

const tagOf = (id: number, wireType: number): number => (id << 3) | wireType;
const TAGS = {
  hookType: tagOf(OBJECT.fields.hook_type.id, WIRE_TYPES.varint),
  hookName: tagOf(OBJECT.fields.hook_name.id, WIRE_TYPES.bytes),
  spec: tagOf(OBJECT.fields.spec.id, WIRE_TYPES.bytes),
  key: tagOf(ENTRY_KEY, WIRE_TYPES.bytes),
  value: tagOf(ENTRY_VALUE, WIRE_TYPES.bytes),
  payload: tagOf(EVENT.fields.payload.id, WIRE_TYPES.bytes),
} as const;

const TYPES_BY_NUMBER = new Map<number, HookType>(Object.entries(HOOK_TYPES).map(([name, number]) => [number, name as HookType]));

interface Entries {
  OrgID: string;
  APIID: string;
  bundle_hash: string;
  config_data: string | undefined;
}

/**
 * Reads the head of an `Object`.
 * @throws {MessageError} for bytes that are none. Fields that are passed over may still turn out to be malformed.
 */
export function readObjectHead(bytes: Buffer): ObjectHead {
  const reader = new WireReader(bytes);
  const end = bytes.length;
  let hookType = 0;
  let hookName = "";
  let specEntries = 0;
  const spec: Entries = { OrgID: "", APIID: "", bundle_hash: "", config_data: undefined };
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === TAGS.hookType) hookType = reader.int32(end);
    else if (tag === TAGS.hookName) hookName = textAt(reader, end);
    else if (tag === TAGS.spec) {
      specEntries += 1;
      if (specEntries > MAX_SPEC_ENTRIES)
        throw new MessageError("COPROCESS_TOO_MANY_FIELDS", `${MAX_SPEC_ENTRIES} are allowed in Object.spec`);
      readSpecEntry(reader, end, spec);
    } else reader.skip(tag & 7, end);
  }
  return {
    hookType: TYPES_BY_NUMBER.get(hookType) ?? "Unknown",
    hookName,
    spec: { orgId: spec.OrgID, apiId: spec.APIID, bundleHash: spec.bundle_hash, configData: spec.config_data },
  };
}

/**
 * The payload of an `Event`: JSON.
 * @throws {MessageError} for bytes that are none.
 */
export function readEventPayload(bytes: Buffer): string {
  const reader = new WireReader(bytes);
  const end = bytes.length;
  let payload = "";
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === TAGS.payload) payload = reader.text(reader.length(end));
    else reader.skip(tag & 7, end);
  }
  return payload;
}

function readSpecEntry(reader: WireReader, end: number, spec: Entries): void {
  const size = reader.length(end);
  const stop = reader.position + size;
  let key = "";
  let value = "";
  while (reader.position < stop) {
    const tag = reader.tag(stop);
    if (tag === TAGS.key) key = reader.text(reader.length(stop));
    else if (tag === TAGS.value) value = textAt(reader, stop);
    else reader.skip(tag & 7, stop);
  }
  if (isSpecKey(key)) spec[key] = value;
}

const isSpecKey = (key: string): key is keyof Entries =>
  key === "OrgID" || key === "APIID" || key === "bundle_hash" || key === "config_data";

/** The same for every call to one API: the text is made once. */
function textAt(reader: WireReader, end: number): string {
  const size = reader.length(end);
  const start = reader.position;
  reader.position = start + size;
  return repeatedText(reader.bytes, start, start + size);
}

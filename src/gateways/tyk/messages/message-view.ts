// Reads a message's fields when somebody asks for them: most hooks look at a few of what a gateway sends.
import { decodeField, defaultOf } from "./codec/decode-message.js";
import type { Decoded, FieldTable, MessageType, NamedField } from "./codec/message-types.js";
import { OBJECT } from "./codec/message-types.js";
import { WIRE_TYPES, WireReader } from "./codec/wire-reader.js";

/** Names of the fields that are one message. */
type PartName<Table extends FieldTable> = {
  [Name in keyof Table]: Table[Name] extends { readonly shape: "one"; readonly type: MessageType } ? Name : never;
}[keyof Table];

type PartOf<F> = F extends { readonly type: MessageType<infer Table> } ? MessageView<Table> : never;

/**
 * A message whose fields are found but not decoded. `bytes` fields are views of the message's bytes, which must stay as they are for
 * as long as the view is used.
 */
export class MessageView<Table extends FieldTable> {
  readonly #type: MessageType<Table>;
  readonly #reader: WireReader;
  /** By a field's number: where its tags are. */
  readonly #places: (number[] | undefined)[] = [];
  readonly #values = new Map<keyof Table, unknown>();

  /** @throws {MessageError} for bytes that are no message. What is inside of its fields is looked at when they are read. */
  constructor(type: MessageType<Table>, bytes: Buffer) {
    this.#type = type;
    this.#reader = new WireReader(bytes);
    const reader = this.#reader;
    const end = bytes.length;
    while (reader.position < end) {
      const place = reader.position;
      const tag = reader.tag(end);
      const id = tag >>> 3;
      if (type.byId[id] !== undefined) {
        const places = this.#places[id];
        if (places === undefined) this.#places[id] = [place];
        else places.push(place);
      }
      reader.skip(tag & 7, end);
    }
  }

  /** Whether the field came at all: gateways leave out what is empty. */
  has(name: keyof Table & string): boolean {
    return this.#placesOf(this.#fieldOf(name)) !== undefined;
  }

  /**
   * A field's value, decoded at the first call; later calls give the same map, list or message.
   * @throws {MessageError} for bytes that are no such value.
   */
  get<Name extends keyof Table & string>(name: Name): Decoded<Table>[Name] {
    if (!this.#values.has(name)) this.#values.set(name, this.#decode(this.#fieldOf(name)));
    return this.#values.get(name) as Decoded<Table>[Name];
  }

  /**
   * A field that is a message, as a view of its own; `undefined` where it did not come.
   * @throws {MessageError} for bytes that are no message.
   */
  part<Name extends PartName<Table> & string>(name: Name): PartOf<Table[Name]> | undefined {
    const field = this.#fieldOf(name);
    const places = this.#placesOf(field);
    if (places === undefined || typeof field.type === "string") return undefined;
    const parts = places.map((place) => this.#bytesAt(place));
    // A message in two parts is the fields of both, one after another.
    const bytes = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    return new MessageView(field.type, bytes) as unknown as PartOf<Table[Name]>;
  }

  #decode(field: NamedField): unknown {
    const places = this.#placesOf(field);
    return places === undefined ? defaultOf(field) : decodeField(this.#type, field, this.#reader, places);
  }

  #bytesAt(place: number): Buffer {
    const reader = this.#reader;
    const end = reader.bytes.length;
    reader.position = place;
    if ((reader.tag(end) & 7) !== WIRE_TYPES.bytes) throw reader.malformed(`a part of ${this.#type.name} is no message`);
    const size = reader.length(end);
    return reader.bytes.subarray(reader.position, reader.position + size);
  }

  #fieldOf(name: string): NamedField {
    const field = this.#type.fields[name];
    if (field === undefined) throw new TypeError(`${this.#type.name} has no field ${name}`);
    return { name, ...field };
  }

  #placesOf({ id }: NamedField): readonly number[] | undefined {
    return this.#places[id];
  }
}

/** What a hook is called with, for the isolate: `view.part("request")?.get("headers")`. */
export type ObjectView = MessageView<(typeof OBJECT)["fields"]>;

/** @throws {MessageError} for bytes that are no message. */
export function viewObject(bytes: Buffer): ObjectView {
  return new MessageView(OBJECT, bytes);
}

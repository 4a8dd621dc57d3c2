// Makes zip files byte by byte: also such as no library would write.
import { crc32, deflateRawSync } from "node:zlib";

export interface HandMadeEntry {
  readonly name: string;
  readonly content?: string | Buffer;
  /** Of Unix: kind and permissions. */
  readonly mode?: number;
  /** What the entry says of its size, where that is a lie. */
  readonly claimedSize?: number;
  /** 8 is deflate. */
  readonly method?: number;
  /** 1 says that it is encrypted. */
  readonly flags?: number;
}

const UTF8 = 0x800;
const MADE_BY_UNIX = 0x031e;

/** `claimedCount` is what the end of the archive says of the number of its entries. */
export function zipOf(entries: readonly HandMadeEntry[], claimedCount = entries.length): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, content = "", mode = 0o100644, claimedSize, method = 8, flags = 0 } of entries) {
    const bytes = Buffer.from(content);
    const data = method === 8 ? deflateRawSync(bytes) : bytes;
    const label = Buffer.from(name);
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(UTF8 | flags, 2);
    facts.writeUInt16LE(method, 4);
    facts.writeUInt32LE(crc32(bytes), 10);
    facts.writeUInt32LE(data.length, 14);
    facts.writeUInt32LE(claimedSize ?? bytes.length, 18);
    facts.writeUInt16LE(label.length, 22);
    locals.push(Buffer.from("PK\x03\x04"), facts, label, data);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE((mode << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    const madeBy = Buffer.alloc(2);
    madeBy.writeUInt16LE(MADE_BY_UNIX);
    central.push(Buffer.from("PK\x01\x02"), madeBy, facts, rest, label);
    offset += 4 + facts.length + label.length + data.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(claimedCount, 4);
  end.writeUInt16LE(claimedCount, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, directory, Buffer.from("PK\x05\x06"), end]);
}

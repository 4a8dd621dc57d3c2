// Owns rewriting a recorded command with the instance id that this server chose, every other byte as it was.

interface Field {
  readonly number: number;
  readonly wireType: number;
  readonly start: number;
  readonly end: number;
  /** Where the value begins, behind the length of bytes. */
  readonly value: number;
}

const VARINT = 0;
const BYTES = 2;

function readVarint(bytes: Buffer, at: number): [value: number, end: number] {
  let value = 0;
  for (let shift = 0, i = at; ; shift += 7, i += 1) {
    const byte = bytes[i] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, i + 1];
  }
}

function writeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 0x80);
  return Buffer.from([...bytes, rest]);
}

function fields(bytes: Buffer): Field[] {
  const found: Field[] = [];
  for (let start = 0; start < bytes.length;) {
    const [tag, afterTag] = readVarint(bytes, start);
    const wireType = tag % 8;
    const [length, afterLength] = readVarint(bytes, afterTag);
    if (wireType !== VARINT && wireType !== BYTES) throw new Error(`a field of wire type ${wireType} in a command`);
    const end = wireType === VARINT ? afterLength : afterLength + length;
    found.push({ number: Math.floor(tag / 8), wireType, start, end, value: wireType === VARINT ? afterTag : afterLength });
    start = end;
  }
  return found;
}

const replaced = (bytes: Buffer, { start, end }: Field, by: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, start), by, bytes.subarray(end)]);

/** CmdGetInstanceStatus, CmdCloseInstance, CmdHandleEvent; their field 1 is the instance. */
const COMMANDS = [34, 35, 36];

export function withInstanceId(call: Buffer, id: number): Buffer {
  const command = fields(call).find(({ number }) => COMMANDS.includes(number));
  if (command === undefined) return call;
  const inner = call.subarray(command.value, command.end);
  const instance = fields(inner).find(({ number }) => number === 1);
  if (instance === undefined) return call;
  const patched = replaced(inner, instance, Buffer.concat([Buffer.from([0x08]), writeVarint(id)]));
  return replaced(call, command, Buffer.concat([writeVarint(command.number * 8 + BYTES), writeVarint(patched.length), patched]));
}

/** The value of a varint field inside another, e.g. `[33, 2]` for the id in the answer to StartInstance. */
export function varintAt(message: Buffer, [outer, inner]: readonly [number, number]): number | undefined {
  const status = fields(message).find(({ number }) => number === outer);
  if (status === undefined) return undefined;
  const bytes = message.subarray(status.value, status.end);
  const field = fields(bytes).find(({ number }) => number === inner);
  return field === undefined ? undefined : readVarint(bytes, field.value)[0];
}

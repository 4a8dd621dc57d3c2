// The floor: answers canned bytes and does nothing else. No server on Node.js that speaks this protocol can be quicker.
//
//   node floor-server.mjs SCENARIO SOCKET
import { createServer, type Socket } from "node:net";
import msgpack5 from "msgpack5";
import { phaseFrames } from "./load/frames.js";
import { SCENARIOS, type Workload } from "./workloads/index.js";

const codec = msgpack5();
const MESSAGE_ID = 3;
const MESSAGE_ID_END = 7;
/** In `plugin.HandleEvent`, `plugin.Step`, `plugin.StartInstance`, `plugin.CloseInstance`: enough to tell them apart. */
const NAME_AT = 15;
const NAME_SIZE = 3;
const HEAD = Buffer.from("9401ce00000000c0", "hex");

const reply = (result: unknown): Buffer => Buffer.concat([HEAD, codec.encode(result).slice()]);

/** A phase's replies, and how many bytes of request come before each. */
interface Script {
  readonly sizes: readonly number[];
  readonly replies: readonly Buffer[];
}

function scriptOf(workload: Workload): Script {
  return {
    sizes: phaseFrames(workload).map(({ bytes }) => bytes.length),
    replies: [
      ...workload.calls.map(({ method, args }) => reply({ EventId: 1, Data: { Method: method, Args: args } })),
      reply({ EventId: 1, Data: "ret" }),
    ],
  };
}

const STATUS = reply({ Name: "floor", Id: 1, Config: null, StartTime: 0 });

/** Every connection patches replies of its own: what another one still sends is left alone. */
function serve(socket: Socket, { sizes, replies: shared }: Script): void {
  const replies = shared.map((bytes) => Buffer.from(bytes));
  const status = Buffer.from(STATUS);
  const messageId = Buffer.alloc(MESSAGE_ID_END - MESSAGE_ID);
  let step = 0;
  let received = 0;
  const answer = (bytes: Buffer): void => {
    messageId.copy(bytes, MESSAGE_ID);
    socket.write(bytes);
  };
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    if (received === 0) {
      chunk.copy(messageId, 0, MESSAGE_ID, MESSAGE_ID_END);
      const name = chunk.toString("latin1", NAME_AT, NAME_AT + NAME_SIZE);
      if (name === "Sta" || name === "Clo") return answer(status);
      if (name === "Han") step = 0;
    }
    received += chunk.length;
    if (received < (sizes[step] ?? 0)) return;
    received = 0;
    const bytes = replies[step];
    step += 1;
    if (bytes !== undefined) answer(bytes);
  });
}

const [scenarioName = "", path = ""] = process.argv.slice(2);
const scenario = SCENARIOS.find(({ name }) => name === scenarioName);
if (scenario === undefined) throw new Error(`there is no scenario "${scenarioName}"`);
const script = scriptOf(scenario.workload);
createServer((socket) => serve(socket, script)).listen(path);
process.on("SIGTERM", () => process.exit());

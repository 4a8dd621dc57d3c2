// Finds out whether the runtime still works in its realm: plugin code may have changed the built-in objects that it stands on.
import { BatchWriter, type CallHostListener, writeAsks, writeFailure, writeDone } from "../../../core/channel/index.js";
import { toErrorInfo } from "../../../core/model/index.js";
import { encodeValue, phaseFunction } from "../msgpack/index.js";
import type { CodecFor } from "./codecs.js";
import type { KongDefinition } from "./forms/plugin-definition.js";
import { KongHost } from "./kong-host.js";

interface Kong {
  readonly request: { getHeader(name: string): Promise<unknown> };
  readonly response: { setHeader(name: string, value: unknown): Promise<unknown> };
}

const ANSWER = "as asked";
const EVENT = 1;

/** A plugin whose one handler asks, and says what it was told. */
const CHECKED: KongDefinition = {
  form: "define-plugin",
  version: "1.0.0",
  priority: 0,
  phases: ["access"],
  fields: [],
  bodies: "text",
  createInstance: () => ({
    access: async (kong) => {
      const { request, response } = kong as Kong;
      const [told] = await Promise.all([request.getHeader("x")]);
      if (told !== ANSWER) throw new Error("an answer did not come through");
      await response.setHeader("x", told);
    },
  }),
};

/** Runs an event as a plugin's are run. `done` hears what fails; it may never be called where a promise does not settle. */
export function checkRuntime(codecFor: CodecFor, done: (problem: string | undefined) => void): void {
  try {
    const batch = new BatchWriter();
    const listener: CallHostListener = {
      onAsks: (eventId, calls) => {
        writeAsks(batch, eventId, calls);
        if (calls.some(({ wantsAnswer }) => wantsAnswer)) host.answer(eventId, false, encodeValue(ANSWER));
      },
      onDone: (eventId) => {
        writeDone(batch, eventId);
        writeFailure(batch, eventId, toErrorInfo(new Error("as any plugin's")));
        batch.take();
        done(undefined);
      },
      onFailure: (_eventId, { message }) => done(message),
      onBindingFailed: (_instanceId, { message }) => done(message),
      onLog: () => {},
    };
    const host = new KongHost(CHECKED, codecFor, listener);
    host.bind({ id: EVENT, config: "{}" });
    host.start({ callId: EVENT, bindingId: EVENT, functionName: phaseFunction("MsgPack:1", "access") });
  } catch (error) {
    done(error instanceof Error ? error.message : "it throws");
  }
}

// Finds out whether the runtime still works in its realm: plugin code may have changed the built-in objects that it stands on.
import { BatchWriter, type PhaseHostListener, writeCalls, writeFailure, writeReturn } from "../../../core/channel/index.js";
import { toErrorInfo } from "../../../core/model/index.js";
import { encodeValue } from "../msgpack/index.js";
import type { CodecFor } from "./codecs.js";
import type { PluginDefinition } from "./forms/plugin-definition.js";
import { LocalHost } from "./local-host.js";

interface Kong {
  readonly request: { getHeader(name: string): Promise<unknown> };
  readonly response: { setHeader(name: string, value: unknown): Promise<unknown> };
}

const ANSWER = "as asked";
const EVENT = 1;

/** A plugin whose one handler asks, and says what it was told. */
const CHECKED: PluginDefinition = {
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
    const listener: PhaseHostListener = {
      onCalls: (eventId, calls) => {
        writeCalls(batch, eventId, calls);
        if (calls.some(({ wantsAnswer }) => wantsAnswer)) host.step(eventId, false, encodeValue(ANSWER));
      },
      onReturn: (eventId) => {
        writeReturn(batch, eventId);
        writeFailure(batch, eventId, toErrorInfo(new Error("as any plugin's")));
        batch.take();
        done(undefined);
      },
      onFailure: (_eventId, { message }) => done(message),
      onInstanceFailed: (_instanceId, { message }) => done(message),
      onLog: () => {},
    };
    const host = new LocalHost(CHECKED, codecFor, listener);
    host.startInstance({ id: EVENT, config: "{}" });
    host.startEvent(EVENT, EVENT, "access", "MsgPack:1");
  } catch (error) {
    done(error instanceof Error ? error.message : "it throws");
  }
}

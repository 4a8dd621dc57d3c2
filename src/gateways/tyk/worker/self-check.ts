// Finds out whether the runtime still works in its realm: plugin code may have changed the built-in objects that it stands on.
import { type CallHostListener, BatchWriter, writeDone, writeFailure } from "../../../core/channel/index.js";
import { toErrorInfo } from "../../../core/model/index.js";
import type { TykRequest } from "../api/index.js";
import { encodeObject, hookFunction, viewObject } from "../messages/index.js";
import { configReader } from "./config/config-reader.js";
import type { TykDefinition } from "./definition.js";
import { TykHost } from "./tyk-host.js";

const FUNCTION = hookFunction("pre", "pre");
const VALUE = "as asked";
const CALL = 1;

/** A plugin whose one function reads what it was sent and sets one header, after a promise. */
const CHECKED: TykDefinition = {
  version: "1.0.0",
  readConfig: configReader(undefined),
  functions: new Map([
    [
      FUNCTION,
      {
        kind: "pre",
        handler: async (subject) => {
          const request = subject as TykRequest;
          const [value] = await Promise.all([Promise.resolve(request.headers.get("x-checked"))]);
          request.headers.set("X-Checked", value ?? "");
        },
      },
    ],
  ]),
};

/** Runs a call as a plugin's are run. `done` hears what fails; it may never be called where a promise does not settle. */
export function checkRuntime(done: (problem: string | undefined) => void): void {
  try {
    const batch = new BatchWriter();
    const listener: CallHostListener = {
      onAsks: () => done("a call asks that asks nothing"),
      onDone: (callId, result) => {
        writeDone(batch, callId, result);
        writeFailure(batch, callId, toErrorInfo(new Error("as any plugin's")));
        batch.take();
        const header = result === undefined ? undefined : viewObject(result).part("request")?.get("set_headers").get("X-Checked");
        done(header === VALUE ? undefined : "a header did not come through");
      },
      onFailure: (_callId, { message }) => done(message),
      onBindingFailed: (_bindingId, { message }) => done(message),
      onLog: () => {},
    };
    const host = new TykHost(CHECKED, listener);
    host.bind({ id: CALL, config: "{}" });
    const request = { headers: new Map([["X-Checked", VALUE]]), url: "/", method: "GET", return_overrides: {} };
    host.start({ callId: CALL, bindingId: CALL, functionName: FUNCTION, payload: encodeObject({ request }) });
  } catch (error) {
    done(error instanceof Error ? error.message : "it throws");
  }
}

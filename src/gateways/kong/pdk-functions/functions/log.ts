// `kong.log.*`: log lines of plugins and the log record of the request.

import { byteStringOf, textFromBytes } from "../document/byte-text.js";
import type { SerializeValue } from "../document/gateway-request.js";
import { isTable, luaJson, scalarByteString } from "../document/lua-values.js";
import { serializeRequest } from "../document/serialize.js";
import { forwardedAddress } from "./client.js";
import {
  RefusedCall,
  textArgument,
  type KongLogLevel,
  type PdkArguments,
  type PdkCall,
  type PdkFunction,
  type PdkFunctions,
} from "./definition.js";

export const logFunctions: PdkFunctions = {
  "kong.log.emerg": logAt("emerg"),
  "kong.log.alert": logAt("alert"),
  "kong.log.crit": logAt("crit"),
  "kong.log.err": logAt("err"),
  "kong.log.warn": logAt("warn"),
  "kong.log.notice": logAt("notice"),
  "kong.log.info": logAt("info"),
  "kong.log.debug": logAt("debug"),
  "kong.log.inspect": logAt("debug"),
  "kong.log.serialize": { phases: "L", run: serialize },
  "kong.log.set_serialize_value": { phases: "RASL", run: setSerializeValue },
};

function logAt(level: KongLogLevel): PdkFunction {
  return {
    phases: "RASL",
    run: (call, args) => {
      const message = Buffer.from(args.map(loggable).join(""), "latin1").toString("utf8");
      call.log({ level, message, plugin: call.plugin.name, requestId: call.request.id });
    },
  };
}

function loggable(value: unknown): string {
  return isTable(value) ? luaJson(value, { emptyTable: "{}" }).toString("latin1") : scalarByteString(value);
}

function serialize(call: PdkCall): unknown {
  return textFromBytes(luaJson(serializeRequest(call.request, forwardedAddress(call)), { emptyTable: "[]" }));
}

const MODES = ["set", "add", "replace"] as const;

function setSerializeValue({ request }: PdkCall, args: PdkArguments): undefined {
  const key = byteStringOf(textArgument(args, 0, "key"));
  const options = args[2];
  const wanted = isTable(options) && "mode" in options ? options.mode : "set";
  const mode = MODES.find((known) => known === wanted);
  if (mode === undefined) throw new RefusedCall("mode must be one of: set, add, replace");
  const change: SerializeValue = { key, value: args[1], mode };
  request.serializeValues.push(change);
}

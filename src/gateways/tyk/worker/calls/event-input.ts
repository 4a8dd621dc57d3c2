// Reads what the gateway says of an event, and of which API it is.
import { isRecord } from "../../../../core/model/index.js";
import { readEventPayload } from "../../messages/index.js";
import type { TykEvent } from "../../api/index.js";

export interface EventInput {
  readonly event: TykEvent;
  readonly apiId: string;
  readonly orgId: string;
}

/** @throws {MessageError} for bytes that are no event; {SyntaxError} where it is no JSON. */
export function readEvent(payload: Buffer): EventInput {
  const parsed: unknown = JSON.parse(readEventPayload(payload));
  const { message, spec } = fieldsOf(parsed);
  const { Type, Meta, TimeStamp } = fieldsOf(message);
  const meta = fieldsOf(Meta);
  const raw = textOf(meta["OriginatingRequest"]);
  const { APIID, OrgID } = fieldsOf(spec);
  return {
    apiId: textOf(APIID) ?? "",
    orgId: textOf(OrgID) ?? "",
    event: {
      type: textOf(Type) ?? "",
      message: textOf(meta["Message"]) ?? "",
      path: textOf(meta["Path"]),
      origin: textOf(meta["Origin"]),
      key: textOf(meta["Key"]),
      originatingRequest: raw === undefined ? undefined : Buffer.from(raw, "base64"),
      timestamp: textOf(TimeStamp) ?? "",
      meta,
    },
  };
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {});
const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

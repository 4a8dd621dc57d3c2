// Does with the reply of a response hook what each release of the gateway does.
import type { CoprocessObject, ResponseObject } from "../../messages/index.js";
import type { TykRelease } from "../../releases/index.js";
import type { HookedResponse } from "./build-object.js";
import { toByteText } from "../http/byte-text.js";
import { GoHeaders } from "../http/go-headers.js";

/** The response as it goes on, or undefined where the reply has none. `sent` is what the hook was called with. */
export function applyResponseReply(
  sent: HookedResponse,
  reply: CoprocessObject,
  release: TykRelease,
): HookedResponse | undefined {
  const { response } = reply;
  if (response === undefined) return undefined;
  const headers = release.clearsHeaders ? new GoHeaders() : new GoHeaders(sent.headers.list());
  if (release.multivalueHeaders)
    // Added, so that two spellings of one name give two values.
    for (const [name, values] of multivalueOf(sent, response, release))
      for (const value of values) headers.add(name, toByteText(value));
  else for (const [name, value] of response.headers) headers.set(name, toByteText(value));
  if (release.fixesContentLength) headers.set("Content-Length", String(response.raw_body.length));
  return { status: response.status_code, headers, body: response.raw_body };
}

type Values = readonly (readonly [name: string, values: readonly string[]])[];

function multivalueOf(sent: HookedResponse, { headers, multivalue_headers }: ResponseObject, release: TykRelease): Values {
  const all: Values = multivalue_headers.map(({ key, values }) => [key, values]);
  if (isUnchanged(sent.headers, headers)) return all;
  const added: Values = [...headers]
    .filter(([name]) => !all.some(([key]) => key === name))
    .map(([name, value]) => [name, [value]]);
  const kept: Values = all.flatMap(([key, values]): Values => {
    const value = headers.get(key);
    if (value === undefined) return [];
    if (release.headerChange === "cuts") return [[key, [value]]];
    return [[key, values.length === 0 ? values : [value, ...values.slice(1)]]];
  });
  return [...added, ...kept];
}

/** Whether `headers` came back as it was sent, letter by letter. */
function isUnchanged(sent: GoHeaders, returned: ReadonlyMap<string, string>): boolean {
  const before = [...sent];
  return (
    before.length === returned.size && before.every(([name, [value = ""]]) => toByteText(returned.get(name) ?? "\0") === value)
  );
}

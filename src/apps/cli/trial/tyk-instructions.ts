// Says what to ask the stand-in of a Tyk gateway: a command for each API that is there.
import type { StandinApi } from "../../../gateways/tyk/standin/index.js";

export interface TykTrial {
  readonly url: string;
  readonly version: string;
  readonly apis: readonly StandinApi[];
  /** Where they are from. */
  readonly source: string | undefined;
  readonly pluginsDirectory: string;
}

export function tykInstructions({ url, version, apis, source, pluginsDirectory }: TykTrial): string {
  const from = source === undefined ? `no try-tyk.yaml in ${pluginsDirectory}: an API for each plugin` : `APIs of ${source}`;
  return [
    "",
    `A stand-in for Tyk ${version} is listening on ${url}, with an echo upstream behind it (${from}).`,
    "",
    ...(apis.length === 0
      ? ["There is no API: every request gets 404."]
      : ["Try:", "", ...apis.flatMap((api) => lines(url, api))]),
    "",
    "Ctrl-C ends all of it.",
    "",
  ].join("\n");
}

function lines(url: string, api: StandinApi): string[] {
  const { id, listenPath, pre, authCheck, postKeyAuth, post, response, keyless } = api;
  const stages = [
    ["pre", pre],
    ["auth_check", authCheck === undefined || keyless ? [] : [authCheck]],
    ["post_key_auth", keyless ? [] : postKeyAuth],
    ["post", post],
    ["response", response],
  ] as const;
  const told = stages
    .filter(([, hooks]) => hooks.length > 0)
    .map(([stage, hooks]) => `${stage} ${hooks.map(({ name }) => name).join(", ")}`);
  const key = keyless ? "" : " -H 'Authorization: KEY'";
  return [`  curl -i${key} ${url}${listenPath}`, `      → API ${id}: ${told.join("; ") || "no hook"}`];
}

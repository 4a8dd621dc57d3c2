// Plans what a gateway of one release needs to call the plugins: its options, the API definition, and what may surprise there.
import { CommandError } from "../../../core/model/index.js";
import { formatAddress } from "../address/index.js";
import type { TykRelease } from "../releases/index.js";
import { apiDefinition } from "./api-definition.js";
import { definitionTraps, gatewayTraps, type TykServerFacts } from "./traps.js";

/** The values of an option group of tyk.conf, by their names there. */
export type CoprocessOptions = Readonly<Record<string, boolean | number | string>>;

export interface TykSettings {
  readonly gateway: { readonly comments: readonly string[]; readonly options: CoprocessOptions };
  readonly definition: { readonly comments: readonly string[]; readonly value: Readonly<Record<string, unknown>> };
}

/** @throws {CommandError} with the reason, for a release that cannot do it. */
export function tykSettings(server: TykServerFacts, release: TykRelease, form: "classic" | "oas"): TykSettings {
  requireUsable(release, form);
  return {
    gateway: { comments: gatewayTraps(server, release), options: coprocessOptions(server, release) },
    definition: {
      comments: definitionTraps(server, release, form),
      value: apiDefinition(server.hooks, release, form),
    },
  };
}

function requireUsable({ version, authority, oasPlugins }: TykRelease, form: "classic" | "oas"): void {
  if (authority === "none")
    throw new CommandError(
      `Tyk ${version} calls plugin servers with an empty :authority, which HTTP/2 in Node.js refuses, and has no option to set ` +
        `one: the option grpc_authority came with 4.0.14, 5.0.3 and 5.1.0. Use one of these, or a later release`,
    );
  if (form === "oas" && oasPlugins === "none")
    throw new CommandError(`Tyk ${version} has no plugins in OAS definitions: leave -oas out`);
}

function coprocessOptions({ address, maxMessageSize }: TykServerFacts, { authority }: TykRelease): CoprocessOptions {
  return {
    enable_coprocess: true,
    coprocess_grpc_server: formatAddress(address),
    grpc_recv_max_size: maxMessageSize,
    grpc_send_max_size: maxMessageSize,
    ...(authority === "option" ? { grpc_authority: "localhost" } : {}),
  };
}

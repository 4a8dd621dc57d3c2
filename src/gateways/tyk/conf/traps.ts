// Says what an operator has to know about a release: one comment for each trap that these hooks can meet there.
import { type Address, formatAddress, isLocal } from "../address/index.js";
import type { TykRelease } from "../releases/index.js";
import type { HookChain } from "./hooks.js";

export interface TykServerFacts {
  readonly address: Address;
  /** Bytes: the largest message that either side takes. */
  readonly maxMessageSize: number;
  readonly hooks: HookChain;
  /** Plugins whose one handler stands under post, and may stand under auth_check or post_key_auth in its place. */
  readonly movable: readonly string[];
}

/** A comment, where its condition holds. */
type Trap = readonly [applies: boolean, comment: string];

const told = (traps: readonly Trap[]): string[] => traps.flatMap(([applies, comment]) => (applies ? [comment] : []));

/** About the gateway's own options. */
export function gatewayTraps({ address }: TykServerFacts, release: TykRelease): string[] {
  const { version, takenAs, authority, missingDriver, cancels, usesProxy, brokenBundle, checksKeptBundles } = release;
  return told([
    [
      takenAs !== undefined,
      `Tyk ${version} came after this server: these are the settings for Tyk ${takenAs}, the newest known.`,
    ],
    [
      authority === "option",
      `grpc_authority is needed: without it Tyk ${version} sends an empty :authority, and every call fails with PROTOCOL_ERROR.`,
    ],
    [true, "Look for the line 'gRPC dispatcher was initialized' in the gateway's log after each start."],
    [
      missingDriver === "passes",
      `Where that line is missing Tyk ${version} leaves hooks out and lets requests through without them (fixed in 5.8.7, 5.10.1, 5.11.0).`,
    ],
    [
      missingDriver === "fails",
      "With enable_coprocess false the gateway leaves hooks out and lets requests through without them.",
    ],
    [
      true,
      "The sizes are in bytes and for one message; 4 MiB without grpc_recv_max_size. A text body travels twice towards the plugins: in half as much.",
    ],
    [
      true,
      `The gateway sets no deadline: -event-timeout of the server is the only one.${
        cancels ? "" : ` In Tyk ${version} a call also goes on when the client has left (until 5.11.0).`
      }`,
    ],
    [
      address.kind === "tcp" && !isLocal(address),
      `The connection is plain text and unauthenticated in every release, sessions included: only the gateway may reach ${formatAddress(address)}.`,
    ],
    [
      usesProxy && !isLocal(address),
      "HTTPS_PROXY of the gateway's environment is used for this connection too: name the host in NO_PROXY.",
    ],
    [
      brokenBundle === "api-without-hooks",
      `An API whose bundle cannot be loaded is served without its hooks in Tyk ${version} (fixed in 5.0.12, 5.3.1, 5.4.0): look for "Couldn't load bundle" in the log.`,
    ],
    [
      !checksKeptBundles,
      "A bundle that the gateway has already is checked again only where it is signed: set public_key_path and sign bundles.",
    ],
  ]);
}

/** About the hooks in an API definition. */
export function definitionTraps({ hooks, movable }: TykServerFacts, release: TykRelease, form: "classic" | "oas"): string[] {
  return told([
    [
      movable.length > 0,
      `Their one handler may stand elsewhere than under post: ${movable.join(", ")}. One that checks keys belongs under auth_check, one that comes before the rate limit under post_key_auth; never under two of them.`,
    ],
    ...authTraps(hooks, release, form),
    ...responseTraps(hooks, release, form),
    [
      hooks.post.length > 0,
      "A response from the cache, a mock and a JavaScript virtual endpoint are sent without the post hooks. A cached one misses the response hooks too, and a mock of a classic definition every hook.",
    ],
    [
      hooks.post.length + hooks.pre.length + hooks.postAuthCheck.length > 0,
      "Any number of hooks of one kind: they run in this order, each with what the one before made of the request. Leave out what this API does not need.",
    ],
    [
      hooks.events.length > 0 && form === "oas",
      `OAS definitions call no event handlers of plugins: ${hooks.events.join(", ")} are left out. A classic definition calls them.`,
    ],
    [true, "A request whose query or headers are not UTF-8 gets 500 from the gateway before a hook is called, in every release."],
  ]);
}

function authTraps({ authCheck, postAuthCheck }: HookChain, { version }: TykRelease, form: "classic" | "oas"): Trap[] {
  const [first, ...others] = authCheck;
  return [
    [others.length > 0, `An API definition has one auth_check: here it is ${first ?? ""}; the others are ${others.join(", ")}.`],
    [
      authCheck.length > 0 && form === "classic",
      "use_go_plugin_auth is for Go plugins: with it alone the hook's session is not taken over, and requests end with 400. Remove it.",
    ],
    [authCheck.length > 0, `Tyk ${version} keeps a session for each token in Redis until its lifetime is over.`],
    [
      authCheck.length > 0,
      "An id extractor of the body needs a regular expression: as a value all requests have one id, and a kept session lets everybody in.",
    ],
    [
      postAuthCheck.length > 0 && form === "classic",
      "The gateway calls post_key_auth hooks only where use_keyless is false. They read the session; what they change in it is not kept.",
    ],
  ];
}

function responseTraps({ response }: HookChain, release: TykRelease, form: "classic" | "oas"): Trap[] {
  const { version, multivalueHeaders, clearsHeaders } = release;
  const some = response.length > 0;
  return [
    [
      some,
      "A response hook ends streaming for its API: the gateway reads the whole body first. Server-sent events never reach the client.",
    ],
    [some, "Responses that the gateway makes itself (401, 429, 500, validation) meet no response hook."],
    [
      some,
      "Where a response hook fails for a JavaScript virtual endpoint, the gateway sends the endpoint's body behind the error page: use no response hook to hide what such an endpoint says.",
    ],
    [
      some && form === "oas",
      "Without authentication a mock and a response hook make the gateway end the client's connection without an answer.",
    ],
    [
      some && !multivalueHeaders,
      `Tyk ${version} keeps one value of each response header as soon as there is a response hook: of two Set-Cookie one is lost (fixed in 5.0.4, 5.1.1, 5.2.0).`,
    ],
    [
      some && !clearsHeaders,
      `In Tyk ${version} a response header that a hook deletes comes back (fixed in 4.0.7, 4.2.2, 4.3.0).`,
    ],
  ];
}

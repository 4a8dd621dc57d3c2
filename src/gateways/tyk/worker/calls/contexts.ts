// Makes what hooks get beside their request or response. Everything is made when it is asked for: most hooks use a little of it.
import {
  type AcceptedSession,
  type AcceptSession,
  type Deny,
  type EarlyReply,
  type Respond,
  type Session,
  type TykApi,
  TykError,
  type TykLog,
} from "../../api/index.js";
import { makeDenial, makeReply } from "./early-reply.js";
import type { HookCall } from "./hook-call.js";
import { knownSession } from "../session/known-session.js";
import { makeSession } from "../session/new-session.js";
import type { HookRequest } from "../http/request.js";
import type { CallInput, HookInput } from "./call-input.js";

/** For every call. */
class BaseContext {
  readonly #input: CallInput;

  constructor(input: CallInput) {
    this.#input = input;
  }

  get api(): TykApi {
    return this.#input.api;
  }

  get log(): TykLog {
    return this.#input.log;
  }

  get config(): unknown {
    return this.#input.config;
  }

  get signal(): AbortSignal {
    return this.#input.call.signal;
  }

  get trace(): string | undefined {
    return this.#input.trace;
  }
}

/** For events. */
export class EventContext extends BaseContext {}

/** For hooks that can end their request. */
export class EndingHookContext extends BaseContext {
  readonly #call: HookCall;

  constructor(input: CallInput) {
    super(input);
    this.#call = input.call;
  }

  get respond(): Respond {
    return (status, body, headers) => {
      this.#call.assertRunning("respond()");
      return this.#call.made(makeReply(status, body, headers)) as unknown as EarlyReply;
    };
  }

  get deny(): Deny {
    return (status, message, headers) => {
      this.#call.assertRunning("deny()");
      return this.#call.made(makeDenial(status, message, headers)) as unknown as EarlyReply;
    };
  }
}

export class PreHookContext extends EndingHookContext {
  get session(): undefined {
    return undefined;
  }
}

export class AuthContext extends EndingHookContext {
  readonly #input: CallInput;
  readonly #request: HookRequest;

  constructor(input: CallInput, request: HookRequest) {
    super(input);
    this.#input = input;
    this.#request = request;
  }

  get session(): AcceptSession {
    const { call, api } = this.#input;
    return (session) => {
      call.assertRunning("session()");
      const credential = this.#request.headers.get("Authorization");
      return call.made(makeSession(session, { orgId: api.orgId, credential })) as unknown as AcceptedSession;
    };
  }
}

/** With a session that is found when it is asked for. */
class SessionOf {
  readonly #input: HookInput;
  #isRead = false;
  #session: Session | undefined;

  constructor(input: HookInput) {
    this.#input = input;
  }

  get value(): Session | undefined {
    if (!this.#isRead) this.#session = knownSession(this.#input.view);
    this.#isRead = true;
    return this.#session;
  }
}

export class PostHookContext extends EndingHookContext {
  readonly params: Readonly<Record<string, string>> | undefined;
  readonly #session: SessionOf;

  /** `params` are those of an endpoint. */
  constructor(input: HookInput, params?: Readonly<Record<string, string>>) {
    super(input);
    this.#session = new SessionOf(input);
    this.params = params;
  }

  get session(): Session | undefined {
    return this.#session.value;
  }
}

export class ResponseHookContext extends BaseContext {
  readonly request: HookRequest;
  readonly #session: SessionOf;

  constructor(input: HookInput, request: HookRequest) {
    super(input);
    this.request = request;
    this.#session = new SessionOf(input);
  }

  get session(): Session | undefined {
    return this.#session.value;
  }

  /** The gateway would ignore it. */
  get respond(): () => never {
    return () => refuse("respond()");
  }

  get deny(): () => never {
    return () => refuse("deny()");
  }
}

function refuse(subject: string): never {
  throw new TykError(
    "TYK_WRONG_HOOK",
    subject,
    "a response hook changes response.status, response.headers and response.body instead",
  );
}

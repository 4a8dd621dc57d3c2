// Takes a session from auth_check, keeps it, and checks what the gateway checks of one.
import type { CoprocessObject, SessionState } from "../messages/index.js";
import { errorPage } from "./http/error-page.js";
import type { Events } from "./events.js";
import type { TykExchange, HookVerdict } from "./exchange.js";
import { type HookCaller, tokenOf } from "./hooks/hook-caller.js";
import { extractKey, type KeyStore } from "./key-store.js";

export interface AuthenticationOptions {
  readonly hooks: HookCaller;
  readonly store: KeyStore;
  readonly events: Events;
  /** Ids of the policies that there are. */
  readonly policies: ReadonlySet<string>;
}

export class Authentication {
  readonly #options: AuthenticationOptions;

  constructor(options: AuthenticationOptions) {
    this.#options = options;
  }

  /** Puts a session into the exchange, or ends the request. */
  async authenticate(exchange: TykExchange): Promise<HookVerdict> {
    const { api } = exchange;
    if (api.authCheck === undefined || !api.customAuth) return tokenAuth(exchange);
    let key: string | undefined;
    if (api.idExtractor !== undefined) {
      key = extractKey(api.idExtractor, exchange);
      if (key === undefined) return errorPage(exchange, 400, "Authorization field missing");
      const kept = this.#options.store.get(key);
      if (kept !== undefined && kept.id_extractor_deadline > this.#options.store.seconds()) {
        exchange.session = { key, state: kept };
        return undefined;
      }
    }
    const result = await this.#options.hooks.callRequestHook(exchange, api.authCheck, "CustomKeyCheck");
    if (result.kind === "ended") return result.verdict;
    if (result.kind === "left-out") return tokenAuth(exchange);
    return this.#takeSession(exchange, result.reply, key);
  }

  #takeSession(exchange: TykExchange, reply: CoprocessObject, extracted: string | undefined): HookVerdict {
    const { api, headers } = exchange;
    const { store, events, policies } = this.#options;
    const token = tokenOf(reply);
    const state = reply.session;
    const forbidden = (): HookVerdict => {
      events.fire(exchange, "AuthFailure", "Auth Failure", headers.get("Authorization") ?? "");
      return errorPage(exchange, 403, "Forbidden");
    };
    if (state === undefined || token === "") return forbidden();
    for (const [name, value] of reply.metadata) state.metadata.set(name, value);
    state.org_id = api.orgId;
    if (state.apply_policies.some((id) => !policies.has(id))) return forbidden();
    const key = extracted ?? token;
    const before = store.get(key);
    if (before !== undefined) {
      state.quota_renews = before.quota_renews;
      state.quota_remaining = before.quota_remaining;
    }
    state.key_id = key;
    store.set(key, state, state.session_lifetime > 0 ? state.session_lifetime : api.sessionLifetime);
    exchange.session = { key, state };
    return undefined;
  }

  /** After authentication: whether the session may do what it asks for. */
  checkSession(exchange: TykExchange): HookVerdict {
    const { session, api } = exchange;
    if (session === undefined) {
      const message = "Session state is missing or unset! Please make sure that auth headers are properly applied";
      return errorPage(exchange, 400, message);
    }
    const { store, events } = this.#options;
    const { key, state } = session;
    if (state.is_inactive) {
      events.fire(exchange, "KeyExpired", "Attempted access from inactive key.", key);
      return errorPage(exchange, 403, "Key is inactive, please renew");
    }
    if (state.expires >= 1 && state.expires < store.seconds()) {
      events.fire(exchange, "KeyExpired", "Attempted access from expired key.", key);
      return errorPage(exchange, 401, "Key has expired, please renew");
    }
    if (state.access_rights.size > 0 && !state.access_rights.has(api.id))
      return errorPage(exchange, 403, "Access to this API has been disallowed");
    return this.#checkLimits(exchange, key, state);
  }

  #checkLimits(exchange: TykExchange, key: string, state: SessionState): HookVerdict {
    const { store, events } = this.#options;
    if (!store.isWithinRate(key, state)) {
      events.fire(exchange, "RatelimitExceeded", "Key Rate Limit Exceeded", key);
      return errorPage(exchange, 429, exchange.release.rateLimitText);
    }
    if (!store.takeQuota(state)) {
      events.fire(exchange, "QuotaExceeded", "Key Quota Limit Exceeded", key);
      return errorPage(exchange, 403, "Quota exceeded");
    }
    return undefined;
  }
}

/** What is on where nothing else is. The stand-in has no keys of its own. */
function tokenAuth(exchange: TykExchange): HookVerdict {
  const hasKey = (exchange.headers.get("Authorization") ?? "") !== "";
  return hasKey
    ? errorPage(exchange, 403, "Access to this API has been disallowed")
    : errorPage(exchange, 401, "Authorization field missing");
}

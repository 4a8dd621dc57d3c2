// Says where a request goes: to which API it belongs, and what its upstream is asked for, URL rewrites included.
import type { StandinApi } from "./api.js";
import type { ByteString } from "./http/byte-text.js";
import type { TykExchange, Rewritten } from "./exchange.js";
import { type GoUrl, parseRequestUri, urlText } from "./http/go-url.js";

export const isBelow = (path: string, listenPath: string): boolean =>
  path === listenPath.replace(/\/$/, "") || path.startsWith(listenPath);

/** A path that is not below it stays as it is. */
export function withoutListenPath(path: string, { listenPath }: StandinApi): string {
  const prefix = listenPath.replace(/\/$/, "");
  return path === prefix || path.startsWith(`${prefix}/`) ? path.slice(prefix.length) || "/" : path;
}

/** Undefined where none of the API's rewrites is for this URL. */
export function rewrite(api: StandinApi, { path, query }: GoUrl): Rewritten | undefined {
  const text = urlText({ path: withoutListenPath(path, api), query });
  for (const { pattern, to } of api.rewrites) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const url = to.replace(/\$(\d)/g, (_, group: string) => match[Number(group)] ?? "");
    return { url, isAbsolute: isAbsolute(url) };
  }
  return undefined;
}

/** Undefined where it cannot be asked: a rewrite to an absolute URL that a hook has made a path. */
export function targetOf({ api, url, rewritten }: TykExchange): URL | undefined {
  if (rewritten === undefined) return below(api, api.stripListenPath ? { ...url, path: withoutListenPath(url.path, api) } : url);
  if (rewritten.isAbsolute) return isAbsolute(rewritten.url) ? new URL(rewritten.url) : undefined;
  return below(api, parseRequestUri(rewritten.url) ?? url);
}

const isAbsolute = (url: ByteString): boolean => /^[a-z][a-z\d+.-]*:\/\//i.test(url);

function below({ targetUrl }: StandinApi, { path, query }: GoUrl): URL {
  const target = new URL(targetUrl);
  target.pathname = `${target.pathname.replace(/\/$/, "")}${path}`;
  target.search = query;
  return target;
}

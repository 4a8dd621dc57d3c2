// A plain HTTP client for tests: raw headers out and in, nothing added.

import { request as httpRequest } from "node:http";

export interface Answer {
  readonly status: number;
  readonly headers: [string, string][];
  readonly body: Buffer;
  readonly text: string;
  header(name: string): string | undefined;
}

export interface Question {
  readonly method?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: Buffer | string;
}

export function ask(url: string, question: Question = {}): Promise<Answer> {
  const { origin } = new URL(url);
  const { body } = question;
  const headers: [string, string][] = (question.headers ?? []).map(([name, value]) => [name, value]);
  const has = (name: string): boolean => headers.some(([key]) => key.toLowerCase() === name);
  if (!has("host")) headers.unshift(["Host", new URL(url).host]);
  // node:http would announce a chunked body for these.
  if (body === undefined && !has("content-length") && !/^(GET|HEAD|DELETE|OPTIONS|TRACE)$/.test(question.method ?? "GET"))
    headers.push(["Content-Length", "0"]);
  if (body !== undefined && !has("content-length") && !has("transfer-encoding")) {
    headers.push(["Content-Length", String(Buffer.byteLength(body))]);
  }
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      origin,
      // The path goes out as it is: `URL` would resolve `..` and escape bytes.
      { method: question.method ?? "GET", path: url.slice(origin.length) || "/", headers: headers as never, agent: false },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => resolve(answerOf(incoming.statusCode ?? 0, incoming.rawHeaders, Buffer.concat(chunks))));
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

function answerOf(status: number, raw: readonly string[], body: Buffer): Answer {
  const headers: [string, string][] = [];
  for (let index = 0; index < raw.length; index += 2) headers.push([raw[index] ?? "", raw[index + 1] ?? ""]);
  return {
    status,
    headers,
    body,
    text: body.toString("utf8"),
    header: (name) => headers.find(([key]) => key.toLowerCase() === name)?.[1],
  };
}

// A process of its own that listens, ends, or tries to get in where it may not, as often as the test tells it.
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { UnixSocket } from "../../../../src/core/net/index.js";

export type Order =
  | { readonly kind: "listen"; readonly path: string; readonly name: string; readonly at: number }
  | { readonly kind: "close"; readonly at: number }
  | { readonly kind: "intrude"; readonly folder: string; readonly user: number };

let socket: UnixSocket | undefined;

/** Both processes begin at the same time. */
function waitUntil(at: number): void {
  while (performance.timeOrigin + performance.now() < at);
}

async function obey(order: Order): Promise<string> {
  if (order.kind === "intrude") return intrude(order.folder, order.user);
  const former = socket;
  waitUntil(order.at);
  if (order.kind === "close") return (await former?.close()) ?? "nothing to close";
  const { path, name } = order;
  socket = await UnixSocket.listen({
    path,
    mode: 0o600,
    onConnection: (client) => client.on("error", () => {}).end(name),
    onError: () => {},
  });
  return "listening";
}

/** Goes on until its parent is gone; says whenever somebody answered. */
async function intrude(folder: string, user: number): Promise<string> {
  process.setgid?.(user);
  process.setuid?.(user);
  process.send?.("intruding");
  for (;;) {
    for (const path of socketsIn(folder)) if (await isOpen(path)) process.send?.(`got in at ${path}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function socketsIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    try {
      return readdirSync(path).map((inner) => join(path, inner));
    } catch {
      return [path];
    }
  });
}

const isOpen = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const client = connect(path);
    client.once("connect", () => {
      client.destroy();
      resolve(true);
    });
    client.once("error", () => resolve(false));
  });

process.on("message", (order: Order) => {
  void obey(order).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.(`failed: ${String(error)}`),
  );
});

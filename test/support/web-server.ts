// Owns an HTTP server of files for tests: nginx where it is installed, else one of Node.js that does the same.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createProbe, type AddressInfo } from "node:net";
import { join } from "node:path";

export interface WebServer {
  readonly url: string;
  readonly kind: "nginx" | "node";
  /** Lines of its log: method, path and status. */
  requests(): readonly string[];
  close(): Promise<void>;
}

const hasNginx = spawnSync("nginx", ["-v"]).status === 0;

/** Serves the folder; a fixed port lets one that was closed come back. */
export function startWeb(root: string, port?: number): Promise<WebServer> {
  return hasNginx ? startNginx(root, port) : startNode(root, port);
}

async function startNginx(root: string, given?: number): Promise<WebServer> {
  const port = given ?? (await freePort());
  const state = join(root, "..", `nginx-${port}`);
  mkdirSync(state, { recursive: true });
  const log = join(state, "access.log");
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${state}/${name};`)
    .join(" ");
  writeFileSync(
    join(state, "nginx.conf"),
    `daemon off; master_process off; pid ${state}/pid; error_log ${state}/error.log;
     events { worker_connections 512; }
     http { ${paths} log_format short '$request_method $uri $status'; access_log ${log} short;
       server { listen 127.0.0.1:${port}; root ${root}; } }`,
  );
  const child = spawn("nginx", ["-c", join(state, "nginx.conf"), "-p", state], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  while ((await fetch(url).catch(() => undefined)) === undefined) {
    if (child.exitCode !== null) throw new Error(readFileSync(join(state, "error.log"), "utf8"));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    url,
    kind: "nginx",
    requests: () =>
      readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("GET / ")),
    close: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function startNode(root: string, given?: number): Promise<WebServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    let body: Buffer | undefined;
    try {
      body = readFileSync(join(root, path));
    } catch {
      response.statusCode = 404;
    }
    const etag = body === undefined ? "" : `"${createHash("sha256").update(body).digest("hex")}"`;
    if (body !== undefined) response.setHeader("etag", etag);
    if (body !== undefined && request.headers["if-none-match"] === etag) response.statusCode = 304;
    requests.push(`${request.method ?? ""} ${path} ${response.statusCode}`);
    response.end(response.statusCode === 200 ? body : undefined);
  });
  await new Promise<void>((resolve) => server.listen(given ?? 0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    kind: "node",
    requests: () => requests,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createProbe();
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

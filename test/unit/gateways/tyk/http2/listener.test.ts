// Where a server listens, and how it takes an address over.
import { createServer } from "node:net";
import { stat } from "node:fs/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { sharesPorts } from "../../../../../src/core/net/index.js";
import type { Address } from "../../../../../src/gateways/tyk/address/index.js";
import { listen } from "../../../../../src/gateways/tyk/http2/index.js";
import { GrpcClient } from "./grpc-client.js";
import { socketPath, TransportServer } from "./transport-server.js";

describe("a Unix socket", () => {
  it("has its permissions, and is gone after its server", async () => {
    const path = await socketPath();
    const server = await TransportServer.start({}, { kind: "unix", path });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await server.close();
    await expect(stat(path)).rejects.toThrow("ENOENT");
  });

  it("is taken over while its former server serves on", async () => {
    const address: Address = { kind: "unix", path: await socketPath() };
    const former = await TransportServer.start({}, address);
    const client = new GrpcClient(address);
    await client.call("Echo");
    await TransportServer.start({}, address);
    expect(await client.call("Echo")).toMatchObject({ status: 0 });
    expect(former.server.connections).toBe(1);
    expect(await new GrpcClient(address).call("Echo")).toMatchObject({ status: 0 });
    expect(former.server.connections).toBe(1);
    await former.close();
    expect(await new GrpcClient(address).call("Echo")).toMatchObject({ status: 0 });
  });
});

describe("a TCP port that another process has", () => {
  const occupy = async (): Promise<{ port: number; free: () => void }> => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen({ host: "127.0.0.1", port: 0 }, resolve));
    onTestFinished(() => {
      other.close();
    });
    const bound = other.address();
    if (typeof bound !== "object" || bound === null) throw new Error("no port");
    return { port: bound.port, free: () => other.close() };
  };
  const options = { mode: 0o600, onConnection: () => {}, onError: () => {} };

  it("is waited for, and said to be taken when patience ends", async () => {
    const { port } = await occupy();
    const address: Address = { kind: "tcp", host: "127.0.0.1", port };
    const refused = listen({ ...options, address, patience: 250 });
    await expect(refused).rejects.toMatchObject({ code: "SERVER_ADDRESS_IN_USE" });
    await expect(refused).rejects.toThrow(`tcp://127.0.0.1:${port}, after 250 ms`);
  });

  it("is taken once it is free", async () => {
    const { port, free } = await occupy();
    const waiting = TransportServer.start({}, { kind: "tcp", host: "127.0.0.1", port });
    setImmediate(free);
    const server = await waiting;
    expect(await new GrpcClient(server.address).call("Echo")).toMatchObject({ status: 0 });
  });

  it("is shared with a former process where Node.js can", () => {
    expect(sharesPorts("20.20.2", "linux")).toBe(false);
    expect(sharesPorts("22.11.0", "linux")).toBe(false);
    expect(sharesPorts("22.12.0", "linux")).toBe(true);
    expect(sharesPorts("23.0.0", "linux")).toBe(false);
    expect(sharesPorts("23.1.0", "linux")).toBe(true);
    expect(sharesPorts("24.0.0", "linux")).toBe(true);
    expect(sharesPorts("24.0.0", "darwin")).toBe(false);
  });
});

it.runIf(sharesPorts(process.versions.node, process.platform))(
  "a port is taken over while its former server serves on",
  async () => {
    const former = await TransportServer.start();
    const client = new GrpcClient(former.address);
    await client.call("Echo");
    const successor = await TransportServer.start({}, former.address);
    await former.stopListening();
    expect(await new GrpcClient(former.address).call("Echo")).toMatchObject({ status: 0 });
    expect(await client.call("Echo")).toMatchObject({ status: 0 });
    expect([former.server.connections, successor.server.connections]).toEqual([1, 1]);
  },
);

it("an address that cannot be had is named with the reason", async () => {
  const refused = TransportServer.start({}, { kind: "tcp", host: "192.0.2.1", port: 5555 });
  await expect(refused).rejects.toMatchObject({ code: "SERVER_CANNOT_LISTEN" });
  await expect(refused).rejects.toThrow("tcp://192.0.2.1:5555");
});

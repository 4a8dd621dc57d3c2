// Decides which of the sockets that a service manager has passed is the one of which place.
import { SocketError } from "../net/index.js";
import type { InheritedSocket } from "../service-manager/index.js";
import type { SocketPlace } from "./early-socket.js";

/**
 * One that is named for the place, or that has its path; where there is one place and one socket they belong together. A place without
 * one is listened at as ever.
 * @throws {SocketError} where one is left.
 */
export function placeInherited(places: readonly SocketPlace[], inherited: readonly InheritedSocket[]): readonly SocketPlace[] {
  const left = new Set(inherited);
  const single = places.length === 1 && inherited.length === 1 ? inherited[0] : undefined;
  const placed = places.map((place): SocketPlace => {
    const found =
      single ??
      inherited.find(({ name }) => name === place.name) ??
      inherited.find(({ path }) => "path" in place && path === place.path);
    if (found === undefined || !left.delete(found)) return place;
    return { ...place, descriptor: found.descriptor };
  });
  if (left.size === 0) return placed;
  const sockets = [...left].map(({ name, path }) => `${name}${path === undefined ? "" : ` (${path})`}`).join(", ");
  const names = places.map(({ name }) => `FileDescriptorName=${name}`).join(" or ");
  throw new SocketError(
    "SERVER_CANNOT_LISTEN",
    `the service manager has passed ${sockets}, which belongs to no gateway that is served: give its socket unit ${names}`,
  );
}

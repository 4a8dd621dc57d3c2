// Loads what every command needs, a part at a time: Node.js opens all files of one import at once, and a low limit of file
// descriptors would not suffice for them.

/** Resolves when only small parts are left for the command itself. */
export async function loadInParts(): Promise<void> {
  await import("../../core/net/index.js");
  await import("../../core/plugins/index.js");
  await import("../../core/server/index.js");
  await import("../../gateways/kong/pdk/index.js");
  await import("../../gateways/kong/conf/index.js");
  await import("../../gateways/kong/server/index.js");
}

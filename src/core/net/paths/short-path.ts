// Gets at sockets whose paths are longer than the operating system takes, through a descriptor of their folder.
import { closeSync, constants, lstatSync, openSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { basename, dirname } from "node:path";

/** What `sun_path` holds on Linux, less its closing zero byte. */
export const MAX_PATH_BYTES = 107;

export const isShort = (path: string): boolean => Buffer.byteLength(path) <= MAX_PATH_BYTES;

/** Calls `use` with a path that is short enough. */
export async function withShortPath(path: string, use: (path: string) => Promise<void>): Promise<void> {
  if (isShort(path)) return use(path);
  const folder = openFolder(dirname(path));
  try {
    await use(inFolder(folder, basename(path)));
  } finally {
    closeSync(folder);
  }
}

export const openFolder = (path: string): number =>
  openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);

/** Whatever happens to the folder's own name meanwhile, this stays in it. */
export const inFolder = (descriptor: number, name = ""): string => `/proc/self/fd/${descriptor}/${name}`;

/** Connects to a socket, or a link to one, that belongs to the user of this process. */
export function connectToOwn(path: string): Socket | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.uid === process.geteuid?.() ? connectTo(path) : undefined;
}

/** Connects to a socket at a path of any length. @throws where its folder is not there. */
export function connectTo(path: string): Socket {
  if (isShort(path)) return connect(path);
  const folder = openFolder(dirname(path));
  try {
    return connect(inFolder(folder, basename(path)));
  } finally {
    closeSync(folder);
  }
}

/** Whether somebody listens there. Who cannot be asked counts as there. */
export async function isServed(path: string): Promise<boolean> {
  let isThere = false;
  const ask = (short: string): Promise<void> =>
    new Promise((resolve) => {
      const socket: Socket = connect(short);
      const settle = (answer: boolean): void => {
        isThere = answer;
        socket.destroy();
        resolve();
      };
      socket.once("connect", () => settle(true));
      socket.once("error", ({ code }: NodeJS.ErrnoException) => settle(code !== "ECONNREFUSED" && code !== "ENOENT"));
    });
  // A path that cannot be reached leads to nobody.
  await withShortPath(path, ask).catch(() => {});
  return isThere;
}

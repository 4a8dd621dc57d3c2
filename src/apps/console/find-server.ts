// Finds the admin socket of the server that is meant: by the socket that it serves, or by the folder that it is in.
import { lstatSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { connectTo } from "../../core/net/index.js";
import { CommandError } from "../../core/model/index.js";
import { adminPathOf, isAdminPath, ownFolder, serverSocketOf } from "../operator/index.js";

export interface Target {
  /** Of the server's socket, or of its admin socket. */
  readonly socket: string | undefined;
  /** As the server has it. */
  readonly kongPrefix: string;
  /** Whether it was said, or is the standard one. */
  readonly saysPrefix: boolean;
}

/** Which of several it is where nothing is said. */
const STANDARD_NAME = "go_pluginserver.sock";
/** Milliseconds. */
const CONNECT_TIMEOUT = 1000;

/** Resolves with a path at which a server listens. @throws {CommandError} where there is none, or it is not clear which. */
export async function findServer({ socket, kongPrefix, saysPrefix }: Target): Promise<string> {
  if (socket !== undefined) return serverOf(resolve(socket));
  const folders = saysPrefix ? [resolve(kongPrefix)] : [resolve(kongPrefix), ownFolder()];
  const found = folders.flatMap(adminSocketsIn);
  const answers = await Promise.all(found.map(answersAt));
  const live = found.filter((_path, index) => answers[index] === undefined);
  const [first, ...others] = live;
  if (first === undefined)
    throw new CommandError(`no server runs in ${folders.join(" or ")}${whyNone(answers)}; -socket or -kong-prefix says where`);
  if (others.length === 0) return first;
  const standard = live.find((path) => path === adminPathOf(join(resolve(kongPrefix), STANDARD_NAME)));
  if (standard !== undefined) return standard;
  const sockets = live.map((path) => `-socket ${serverSocketOf(path)}`);
  throw new CommandError(`${live.length} servers run there; say which one: ${sockets.join(", ")}`);
}

async function serverOf(socket: string): Promise<string> {
  const path = isAdminPath(socket) ? socket : adminPathOf(socket);
  const problem = await answersAt(path);
  if (problem !== undefined) throw new CommandError(`no server answers for ${socket}: ${problem} (${path})`);
  return path;
}

const whyNone = (answers: readonly (string | undefined)[]): string => {
  const [reason] = answers.filter((answer) => answer !== undefined);
  return reason === undefined ? "" : ` that answers: ${reason}`;
};

function adminSocketsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .map((name) => join(folder, name))
      .filter((path) => isAdminPath(path) && lstatSync(path).isSocket());
  } catch {
    // It is not there, or another user's.
    return [];
  }
}

/** Why nobody can be asked there; undefined where somebody can. */
async function answersAt(path: string): Promise<string | undefined> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return "there is no such socket";
  const user = process.geteuid?.();
  // What another user has put there may be anything. The superuser may look at every server.
  if (user !== 0 && found.uid !== user) return `it is of user ${found.uid}: ask as that user, or as root`;
  return new Promise((done) => {
    const socket = connectTo(path);
    const settle = (problem: string | undefined): void => {
      socket.destroy();
      done(problem);
    };
    socket.setTimeout(CONNECT_TIMEOUT, () => settle("it does not answer"));
    socket.once("connect", () => settle(undefined));
    socket.once("error", ({ code, message }: NodeJS.ErrnoException) =>
      settle(code === "ECONNREFUSED" ? "its server is gone" : message),
    );
  });
}

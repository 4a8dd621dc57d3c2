// Says of a file whether it is a Node.js that executables can be made of, of which version, and whether this machine runs it.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { messageOf } from "../core/model/index.js";
import { OLDEST_NODE } from "./bundle-plugin.js";
import { BuildError } from "./build-error.js";

export interface NodeBinary {
  readonly path: string;
  /** Such as `v20.19.0`. */
  readonly version: string;
  /** As packages with native code are named, such as `linux-arm64`. */
  readonly platform: string;
  /** Whether it can be started here. */
  readonly runs: boolean;
}

const ELF = Buffer.from("\x7fELF", "latin1");
/** Where an ELF file says for which machine it is, and what that is to Node.js. */
const MACHINE_AT = 18;
const MACHINES = new Map([
  [0x03, "ia32"],
  [0x15, "ppc64"],
  [0x16, "s390x"],
  [0x28, "arm"],
  [0x3e, "x64"],
  [0xb7, "arm64"],
  [0xf3, "riscv64"],
  [0x102, "loong64"],
]);
/** How files of macOS begin, for one kind of machine and for several. */
const MACH_O = [Buffer.from("cffaedfe", "hex"), Buffer.from("cafebabe", "hex")];
/** Node.js knows where its own sources are. */
const RELEASE = /\/v(\d{1,3}\.\d{1,3}\.\d{1,3})\/node-v\1/;
/** As Node.js names the place where a program goes. */
export const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";
/** The place is marked once one is in it. */
const FREE_PLACE = Buffer.from(`${FUSE}:0`);

/** @throws {BuildError} saying what is wrong with it. */
export async function readNodeBinary(path: string): Promise<NodeBinary> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new BuildError("BUILD_NODE", `${path}: ${messageOf(error)}`, { cause: error });
  }
  const magic = bytes.subarray(0, ELF.length);
  if (MACH_O.some((each) => each.equals(magic)))
    throw new BuildError(
      "BUILD_NODE",
      `${path} is for macOS, which starts only what was signed there: executables are made for Linux, where gateways run`,
    );
  if (!magic.equals(ELF)) throw new BuildError("BUILD_NODE", `${path} is no executable of Linux`);
  if (!bytes.includes(FREE_PLACE))
    throw new BuildError(
      "BUILD_NODE",
      `${path} is no Node.js that takes a program: use one from nodejs.org, or an image of node`,
    );
  const version = (await askVersion(path)) ?? { text: writtenVersion(bytes), runs: false };
  if (version.text === undefined) throw new BuildError("BUILD_NODE", `${path} does not say which Node.js it is`);
  if (isOlder(version.text, OLDEST_NODE))
    throw new BuildError("BUILD_NODE", `${path} is Node.js ${version.text}: ${OLDEST_NODE} or newer is needed`);
  return { path, version: version.text, runs: version.runs, platform: `linux-${machineOf(bytes)}` };
}

async function askVersion(path: string): Promise<{ readonly text: string; readonly runs: true } | undefined> {
  try {
    const { stdout } = await promisify(execFile)(path, ["--version"]);
    return { text: stdout.trim(), runs: true };
  } catch {
    // For another machine.
    return undefined;
  }
}

function writtenVersion(bytes: Buffer): string | undefined {
  const at = bytes.indexOf("/download/release/v");
  const version = RELEASE.exec(bytes.toString("latin1", at, at + 200))?.[1];
  return at === -1 || version === undefined ? undefined : `v${version}`;
}

/** In the byte order of that machine, which the file names too. */
function machineOf(bytes: Buffer): string {
  const isLittle = bytes[5] === 1;
  const machine = isLittle ? bytes.readUInt16LE(MACHINE_AT) : bytes.readUInt16BE(MACHINE_AT);
  return MACHINES.get(machine) ?? `machine-${machine}`;
}

function isOlder(version: string, least: string): boolean {
  const [a, b] = [version, least].map((text) => text.replace("v", "").split(".").map(Number));
  const at = b?.findIndex((part, index) => part !== a?.[index]) ?? -1;
  return at !== -1 && (a?.[at] ?? 0) < (b?.[at] ?? 0);
}

// Knows what each release of the gateway makes of its configuration of plugin servers.
import { UsageError } from "../../../core/model/index.js";

export interface GatewayRelease {
  /** `2.3`. */
  readonly name: string;
  /** What go_plugins_dir and go_pluginserver_exe are there: the only way, broken, another way, or gone. */
  readonly legacy: "only" | "broken" | "other" | "gone";
  /** The forms of a dump that it reads: a bare array of plugins, or also an object that names the protocol. */
  readonly dump: "array" | "object";
  /** Whether it runs only plugins whose entry has a start command. */
  readonly needsStartCommand: boolean;
  /** Which plugins of a dump it registers. */
  readonly registers: "all" | "first";
  /** The phases whose handlers it never runs, and why. */
  readonly neverRuns: Readonly<Record<string, string>>;
  /** Whether an executable with the name of an entry is also asked for its plugin, with -dump. */
  readonly asksExecutable: boolean;
  /** What ProtoBuf:1 is there, beside MsgPack:1: not spoken, the worse of the two, or the better one, and why. */
  readonly protobuf: { readonly is: "none" } | { readonly is: "worse" | "better"; readonly why: string };
  /** For a release that came later: the newest one whose facts are known, which are taken for it. */
  readonly newest?: string;
}

type Facts = Omit<GatewayRelease, "name" | "newest">;

/** Recorded with 2.8.5; before 3.3 the gateway does not find these functions. */
const LACKS = "lacks kong.ctx.shared, and answers 500 where a plugin reads headers or arguments of which one comes twice";
const LACKS_SHARED = "lacks kong.ctx.shared";
/** Measured with 3.4.2: a broken pipe while it starts an instance leaves the instance claimed, and nothing takes the claim back. */
const STUCK =
  "has routes stuck once the server was killed: until Kong is reloaded each of their requests waits 10 s and goes on without the plugin";
/** The claim is given up after 10 s. */
const STALLS = "has requests wait 10 s and go on without the plugin once the server was killed";
/** Measured with 3.9.1; from 3.8 on each failure of ProtoBuf:1 is a 500. */
const FAILS_OPEN = "lets requests through without their plugins while the server is down, and a request costs more";

const FIRST_NAMES: Facts = {
  legacy: "broken",
  dump: "array",
  needsStartCommand: false,
  registers: "all",
  neverRuns: {},
  asksExecutable: false,
  protobuf: { is: "none" },
};
const LATE_2: Facts = { ...FIRST_NAMES, legacy: "other", dump: "object", protobuf: { is: "worse", why: LACKS } };
const EARLY_3: Facts = { ...LATE_2, legacy: "gone", protobuf: { is: "worse", why: LACKS_SHARED } };

/** Measured with 3.4.2: its stream workers wait for ever until the plugin server is ready. Its sources are so from 3.1 on. */
const NO_STREAMS = { preread: "lets TCP and TLS streams through without the plugins of a plugin server" };
const FROM_3_1: Facts = { ...EARLY_3, needsStartCommand: true, neverRuns: NO_STREAMS };
const FROM_3_8: Facts = { ...EARLY_3, protobuf: { is: "better", why: FAILS_OPEN } };

/** The newest minor release of each row that it holds for; the rows are in order. */
const RELEASES: readonly { readonly major: number; readonly upTo: number; readonly facts: Facts }[] = [
  { major: 2, upTo: 1, facts: { ...FIRST_NAMES, legacy: "only", neverRuns: { response: "has no response phase" } } },
  { major: 2, upTo: 2, facts: { ...FIRST_NAMES, legacy: "only" } },
  { major: 2, upTo: 3, facts: FIRST_NAMES },
  { major: 2, upTo: 8, facts: LATE_2 },
  { major: 3, upTo: 0, facts: EARLY_3 },
  { major: 3, upTo: 2, facts: FROM_3_1 },
  { major: 3, upTo: 4, facts: { ...FROM_3_1, protobuf: { is: "worse", why: STUCK } } },
  { major: 3, upTo: 5, facts: { ...EARLY_3, protobuf: { is: "worse", why: STUCK } } },
  { major: 3, upTo: 7, facts: { ...EARLY_3, protobuf: { is: "worse", why: STALLS } } },
  { major: 3, upTo: 8, facts: FROM_3_8 },
  { major: 3, upTo: 9, facts: { ...FROM_3_8, registers: "first", asksExecutable: true } },
];

/** `version` is `3.4`, or a full version such as `3.4.2` or `3.4.3.12`. @throws {UsageError} for one that never was. */
export function findKongRelease(version: string): GatewayRelease {
  const [, major, minor] = /^v?(\d+)\.(\d+)(?:\.\d+)*(?:-[\w.-]+)?$/.exec(version) ?? [];
  const row = RELEASES.find((candidate) => candidate.major === Number(major) && Number(minor) <= candidate.upTo);
  const newest = RELEASES.at(-1);
  if (major !== undefined && minor !== undefined) {
    const name = `${major}.${minor}`;
    if (row !== undefined) return { name, ...row.facts };
    if (newest !== undefined && Number(major) >= newest.major)
      return { name, ...newest.facts, newest: `${newest.major}.${newest.upTo}` };
  }
  throw new UsageError(`-kong-version ${version} is not known: known are 2.0 to 2.8, 3.0 to 3.9, and what comes after as 3.9`);
}

// Says where and with what a run was made.
import { spawnSync } from "node:child_process";
import { arch, cpus, loadavg, release, totalmem, type } from "node:os";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory: number;
  readonly system: string;
  readonly node: string;
  /** Load average of the last minute, before the run. */
  readonly load: number;
}

export function describeMachine(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memory: totalmem(),
    system: `${type()} ${release()} ${arch()}`,
    node: process.version,
    load: loadavg()[0] ?? 0,
  };
}

/** The commit that is measured; `+` behind it where files were changed since. */
export function describeCommit(directory: string): string {
  const git = (...args: readonly string[]): string => spawnSync("git", args, { cwd: directory, encoding: "utf8" }).stdout.trim();
  const commit = git("rev-parse", "--short", "HEAD");
  if (commit === "") return "unknown";
  return git("status", "--porcelain", "--untracked-files=no", "--", "src", "package-lock.json") === "" ? commit : `${commit}+`;
}

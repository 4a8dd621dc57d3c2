// Knows when a server is to end.

const PARENT_CHECK = 1000;

/** Resolves with the reason to end: a signal, or a parent that is gone. */
export function endOfService(watchParent: boolean): Promise<string> {
  return new Promise((resolveEnd) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolveEnd(`got ${signal}`));
    if (!watchParent) return;
    // Kong 2.3 leaves its plugin servers behind. In a container the parent can be process 1 from the start, so only a
    // change counts.
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(watch);
      resolveEnd(`the parent process ${parent} is gone`);
    }, PARENT_CHECK);
    watch.unref();
  });
}

// Tells the time on the clock that all threads and processes of a machine have in common.

const MILLISECONDS = 1000;
const NANOSECONDS = 1e6;

/** Milliseconds of the system's monotonic clock: `performance.now` begins anew in each thread. */
export function systemTime(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * MILLISECONDS + nanoseconds / NANOSECONDS;
}

// The time that work takes of one core, whatever else the machine does meanwhile.

/** Seconds of user and system time of this process. */
export function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000_000;
}

// Baseline for many triggers at once: the same processes, started bare, so many at a time. Prints the time of all in ms.

const count = Number(Bun.argv[2] ?? 500);
const atOnce = Number(Bun.argv[3] ?? 8);

let started = 0;
const work = async () => {
  while (started < count) {
    started += 1;
    await Bun.spawn(["sleep", "0.05"], { stdin: "ignore", stdout: "ignore", stderr: "ignore" }).exited;
  }
};
const startedAt = performance.now();
await Promise.all(Array.from({ length: atOnce }, work));
console.log(JSON.stringify({ allMs: performance.now() - startedAt }));

export {};

// Commits to the store at its argument for two seconds while measuring how long its own event loop is held up; prints
// one line of JSON: the commits made and how many hold-ups there were of 150 ms or more.

import { openStore, setValue } from "../store-files.ts";

const store = await openStore(process.argv[2] ?? "");
const end = performance.now() + 2000;
let commits = 0;
let holdUps = 0;
let last = performance.now();
const timer = setInterval(() => {
  const now = performance.now();
  if (now - last >= 150) holdUps++;
  last = now;
}, 1);
while (performance.now() < end) {
  await store.commit([setValue("k", commits++)]);
  await store.values.get("deploy", "k");
}
clearInterval(timer);
process.stdout.write(`${JSON.stringify({ commits, holdUps })}\n`);
process.exit(0);

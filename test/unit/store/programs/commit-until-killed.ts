// Commits values from 8 callers at once to the store at its argument, and prints each key once it is committed.

import { openStore, setValue } from "../store-files.ts";

const store = await openStore(process.argv[2] ?? "");
const commitOn = async (caller: number): Promise<void> => {
  for (let number = 0; ; number++) {
    const key = `${caller}-${number}`;
    await store.commit([setValue(`${key}-a`, key), setValue(`${key}-b`, key)]);
    process.stdout.write(`${key}\n`);
  }
};
await Promise.all(Array.from({ length: 8 }, (_, caller) => commitOn(caller)));

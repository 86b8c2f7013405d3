// Opens the store whose path is its argument, says so, and keeps it until it is killed or its input ends.

import { openStore } from "../store-files.ts";

const store = await openStore(process.argv[2] ?? "");
process.stdout.write("open\n");
await Bun.stdin.text();
await store.close();
process.exit(0);

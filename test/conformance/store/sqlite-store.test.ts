// The store on SQLite, held to the contract.

import { join } from "node:path";
import { makeFolder, openStore, removeFolder } from "../../unit/store/store-files.ts";
import { testStore } from "./store-contract.ts";

testStore("the store on SQLite", () => {
  const folder = makeFolder();
  return { open: () => openStore(join(folder, "runner.db")), remove: () => removeFolder(folder) };
});

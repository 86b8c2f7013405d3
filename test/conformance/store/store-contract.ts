// What every store must do: each write seen through each read. Run against an implementation by its own test file.

import { afterEach, beforeEach, describe } from "bun:test";
import type { Store } from "../../../src/store/store.ts";
import { testArtifacts } from "./artifact-contract.ts";
import { testBundles } from "./bundle-contract.ts";
import { testCommits } from "./commit-contract.ts";
import { testDeliveries } from "./delivery-contract.ts";
import { testEvents } from "./event-contract.ts";
import { testInbound } from "./inbound-contract.ts";
import { testInboundDeliveries } from "./inbound-delivery-contract.ts";
import { testJobs } from "./job-contract.ts";
import { testJournal } from "./journal-contract.ts";
import { testLocks } from "./lock-contract.ts";
import { testLogs } from "./log-contract.ts";
import { testRunLists } from "./run-list-contract.ts";
import { testResources } from "./resource-contract.ts";
import { testRuns } from "./run-contract.ts";
import { testSchedules } from "./schedule-contract.ts";
import { testSecrets } from "./secret-contract.ts";
import { putBundle, type Subject } from "./subject.ts";
import { testTakeOver } from "./take-over-contract.ts";
import { testUpkeep } from "./upkeep-contract.ts";
import { testValues } from "./value-contract.ts";
import { testWebhookSecrets } from "./webhook-secret-contract.ts";

/** A place that outlives the stores opened in it. */
export interface StorePlace {
  open(): Promise<Store>;
  remove(): void;
}

export function testStore(name: string, createPlace: () => StorePlace): void {
  describe(name, () => {
    let place: StorePlace;
    let store: Store;
    beforeEach(async () => {
      place = createPlace();
      store = await place.open();
      await store.commit([putBundle("bundle-1")]);
    });
    afterEach(async () => {
      await store.close();
      place.remove();
    });
    const subject: Subject = {
      get store() {
        return store;
      },
      async reopen() {
        await store.close();
        store = await place.open();
      },
    };
    testCommits(subject);
    testRuns(subject);
    testRunLists(subject);
    testJobs(subject);
    testLocks(subject);
    testJournal(subject);
    testLogs(subject);
    testBundles(subject);
    testInbound(subject);
    testInboundDeliveries(subject);
    testValues(subject);
    testWebhookSecrets(subject);
    testSecrets(subject);
    testArtifacts(subject);
    testSchedules(subject);
    testTakeOver(subject);
    testUpkeep(subject);
    testEvents(subject);
    testDeliveries(subject);
    testResources(subject);
  });
}

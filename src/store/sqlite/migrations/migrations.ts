// Every migration of the schema, oldest first. One that was ever released is never edited: changes are a new one.

import type { Migration } from "../migrate.ts";
import { initialMigration } from "./0001-initial.ts";
import { artifactsAndSecretsMigration } from "./0002-artifacts-and-secrets.ts";
import { endedRunsMigration } from "./0003-ended-runs.ts";
import { rerunsMigration } from "./0006-reruns.ts";
import { runsThatGoOnMigration } from "./0004-runs-that-go-on.ts";
import { schedulesMigration } from "./0005-schedules.ts";
import { secretsMigration } from "./0007-secrets.ts";
import { inboundDeliveriesMigration } from "./0008-inbound-deliveries.ts";
import { requestRecordsMigration } from "./0009-request-records.ts";
import { eventsMigration } from "./0010-events.ts";
import { jobsMigration } from "./0011-jobs.ts";
import { resourcesMigration } from "./0012-resources.ts";
import { locksMigration } from "./0013-locks.ts";
import { begunForMigration } from "./0014-begun-for.ts";

export const migrations: readonly Migration[] = [
  initialMigration,
  artifactsAndSecretsMigration,
  endedRunsMigration,
  runsThatGoOnMigration,
  schedulesMigration,
  rerunsMigration,
  secretsMigration,
  inboundDeliveriesMigration,
  requestRecordsMigration,
  eventsMigration,
  jobsMigration,
  resourcesMigration,
  locksMigration,
  begunForMigration,
];

// The contract of the store: writes are data, committed together and durably; reads are grouped by subject.

import type { DeliveryReader, EndpointReader, EventReader } from "./outbox-reads.ts";
import type {
  ArtifactReader,
  BundleReader,
  InboundDeliveryReader,
  InboundReader,
  JournalReader,
  LockReader,
  LogReader,
  PauseReader,
  RunReader,
  ScheduleReader,
  SecretsReader,
  UpkeepReader,
  ValueReader,
  WebhookSecretReader,
} from "./reads.ts";
import type { ResourceReader } from "./resource-reads.ts";
import type { Write } from "./writes.ts";

/** What can be read of runs without owning the database. */
export interface RunRecords extends Pick<Store, "runs" | "journal" | "logs" | "bundles" | "inbound"> {
  close(): void;
}

export interface Store {
  /**
   * Applies all writes or none, in the order given; resolves once they are fsynced. Commits are applied in the order
   * of their calls, and those made while the disk is busy share one fsync. One commit's failure harms no other.
   * @throws {AppError} STORE_UNAVAILABLE when the disk is full, read-only or failing, RUN_ALREADY_ENDED for a start or
   *   finish of a run that is not unfinished, INTERNAL for writes that contradict what is stored (a number used twice,
   *   a run or bundle that is not there): nothing of this commit is kept.
   */
  commit(writes: readonly Write[]): Promise<void>;
  /**
   * Says at once what a commit would meet, as far as the last one tells; where that failed, the store tries again by
   * itself every second.
   * @throws {AppError} STORE_UNAVAILABLE.
   */
  checkWritable(): void;
  readonly runs: RunReader;
  readonly journal: JournalReader;
  readonly logs: LogReader;
  readonly bundles: BundleReader;
  readonly inbound: InboundReader;
  readonly deliveries: InboundDeliveryReader;
  readonly values: ValueReader;
  readonly artifacts: ArtifactReader;
  readonly webhookSecrets: WebhookSecretReader;
  readonly secrets: SecretsReader;
  readonly schedules: ScheduleReader;
  readonly resources: ResourceReader;
  readonly pauses: PauseReader;
  readonly locks: LockReader;
  readonly upkeep: UpkeepReader;
  /** Each change of a run's or a step's status is an event, in the transaction of that change. */
  readonly events: EventReader;
  readonly endpoints: EndpointReader;
  readonly outbound: DeliveryReader;
  /** Finishes the commits in hand, then closes the file and gives up its lock. */
  close(): Promise<void>;
}

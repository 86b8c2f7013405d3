// The door of engine/: runs, from their submission to their end.

export { type EngineOptions, openEngine } from "./create-engine.ts";
export type {
  Engine,
  FollowOptions,
  LinkedApproval,
  PipelineOverview,
  PipelineUpload,
  ReadBody,
  ReceivedRequest,
  RedeliverOptions,
  Redelivery,
  RequestHead,
  RerunOptions,
  RunListQuery,
  TriggerInput,
  WebhookAnswer,
} from "./contract.ts";
export { withCommitNews } from "./events/committed-store.ts";
export { PipelineEvents } from "./events/pipeline-events.ts";
export { type SecretOverview, StoredSecrets } from "./stored-secrets.ts";
export type { DeliveryVerbs } from "./outbound/deliveries-of.ts";
export type { WholeDelivery } from "./outbound/delivery-desk-contract.ts";
export type {
  ChangedEndpoint,
  EndpointDesk,
  EndpointView,
  EndpointWithSecret,
  SecretRotation,
} from "./outbound/endpoint-desk.ts";
export type { ResourceOverview } from "./resources/resource-desk.ts";
export type { ScheduleOverview } from "./scheduler.ts";
export { readJournal } from "./read-journal.ts";
export type {
  CallName,
  Place,
  ReplayDifference,
  ReplayedCall,
  ReplayedEnd,
  ReplayEvent,
  ReplayReport,
} from "./replay/replay-report.ts";
export { runTests, type TestProblem, type TestResult } from "./rehearsal/run-tests.ts";
export { replayRun } from "./replay/replay-run.ts";
export { tryExpression } from "./try-expression.ts";
export { UploadedSecrets } from "./uploaded-secrets.ts";
export type { KeptRequest, RequestOutline } from "../store/store.ts";
export { statusOfAnswer } from "./request-records.ts";
export type { OutboundSettings } from "./outbound/open-outbound.ts";
export type { MadeAttempt } from "./outbound/destination.ts";
export type { Decision } from "./news-terms.ts";

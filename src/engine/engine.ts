// The door of engine/: runs, from their submission to their end.

export { type EngineOptions, openEngine } from "./create-engine.ts";
export type {
  Engine,
  FollowOptions,
  LinkedApproval,
  PipelineOverview,
  PipelineUpload,
  ReceivedRequest,
  RunListQuery,
  TriggerInput,
  WebhookAnswer,
} from "./contract.ts";
export type { ScheduleOverview } from "./scheduler.ts";
export { UploadedSecrets } from "./uploaded-secrets.ts";
export type { Decision } from "./news-terms.ts";

// The door of engine/: runs, from their submission to their end.

export { openEngine } from "./create-engine.ts";
export type {
  Engine,
  FollowOptions,
  PipelineOverview,
  ReceivedRequest,
  RunListQuery,
  TriggerInput,
  WebhookAnswer,
} from "./contract.ts";

// The door of sandbox/: scripts executed in QuickJS, in processes that may be killed at any moment.

export { type GuestHandle, openSandboxPool, type SandboxPool } from "./pool/sandbox-pool.ts";
export type {
  Answer,
  CallKind,
  GuestCall,
  GuestDelivery,
  GuestEnd,
  GuestPrecedingRun,
  GuestReplay,
  GuestRequest,
  GuestSpec,
  GuestTurn,
  ObservedValues,
} from "./protocol.ts";
export { isTold } from "./protocol.ts";
export { inspectModule } from "./inspect-module.ts";
export { findAuthorPosition } from "./author-position.ts";

// The door of sandbox/: scripts executed in QuickJS, in processes that may be killed at any moment.

export { type GuestHandle, openSandboxPool, type SandboxPool, type SandboxPoolOptions } from "./pool/sandbox-pool.ts";
export type { GuestListener } from "./pool/guest-listener.ts";
export type {
  Answer,
  CallKind,
  ConsoleLine,
  GuestCall,
  GuestDelivery,
  GuestEnd,
  GuestReplay,
  GuestRequest,
  GuestSpec,
  GuestTurn,
  InspectedExports,
  LimitCode,
  ObservedValues,
  ThrownError,
} from "./protocol.ts";
export { inspectModule } from "./inspect-module.ts";
export { findAuthorPosition, type AuthorPosition } from "./author-position.ts";

// What the control process and the store's worker say to each other. Each request is answered once, in order.

import type { EncodedWrite } from "./encode-commit.ts";
import type { ErrorMessage } from "./sqlite-error.ts";

export type WorkerRequest =
  | { readonly type: "open"; readonly path: string }
  | { readonly type: "batch"; readonly commits: readonly (readonly EncodedWrite[])[] }
  | { readonly type: "close" };

export type WorkerReply =
  | { readonly type: "opened" }
  /** The batch is durable, except for these of its commits. */
  | { readonly type: "committed"; readonly failures: readonly CommitFailure[] }
  | { readonly type: "closed" }
  /** The request failed as a whole: nothing of it was done. */
  | { readonly type: "failed"; readonly error: ErrorMessage };

export interface CommitFailure {
  /** Place of the commit in its batch. */
  readonly index: number;
  readonly error: ErrorMessage;
}

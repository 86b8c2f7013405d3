// The door of secrets/: where a secret is kept, and its value when it is needed.

export { approvalPath, ApprovalLinks } from "./approval-links.ts";
export { loadApiToken } from "./api-token.ts";
export { findSecretProblem, looksLikeReference } from "./find-secret-problem.ts";
export { maskSecret } from "./mask-secret.ts";
export { isSealed, parseSecretReference, sealedPrefix } from "./secret-reference.ts";
export type { SecretBox } from "./secret-box.ts";
export { openSecretBox } from "./open-secret-box.ts";
export { createSecretReader, type SecretReader, type SecretResult } from "./secret-reader.ts";

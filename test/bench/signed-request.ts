// A GitHub push as bytes: signed like GitHub does, each with a delivery id of its own.

import { createHmac, randomUUID } from "node:crypto";

const body = JSON.stringify({
  ref: "refs/heads/main",
  before: "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
  after: "59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5",
  repository: { id: 17273051, full_name: "octo-org/octo-repo", private: false, default_branch: "main" },
  pusher: { name: "octocat", email: "octocat@github.com" },
  head_commit: { id: "59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5", message: "Update README.md", modified: ["README.md"] },
});

/** Makes requests to one path; what they have in common is put together once. */
export function createSignedRequests(path: string, secret: string): () => string {
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  const head = [
    `POST ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Content-Type: application/json",
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    "X-GitHub-Event: push",
    `X-Hub-Signature-256: sha256=${signature}`,
    "X-GitHub-Delivery: ",
  ].join("\r\n");
  return () => `${head}${randomUUID()}\r\n\r\n${body}`;
}

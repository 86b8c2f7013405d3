// As accept.ts, and does not ask whether a delivery has come before.
export const config = { webhook: { provider: "github", secret: "bench-secret", dedupe: false } };

export const pipeline = () => {};

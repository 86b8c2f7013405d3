// Ends without an answer of its own, so that its caller gets 202.
export const config = { webhook: { provider: "github", secret: "bench-secret" } };

export const pipeline = () => {};

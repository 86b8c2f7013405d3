// Answers a signed GitHub webhook by itself.
export const config = { webhook: { provider: "github", secret: "bench-secret" } };

export const pipeline = () => {
  const request = http.request();
  http.respond({ status: 200, body: JSON.stringify({ event: request?.eventType }) });
};

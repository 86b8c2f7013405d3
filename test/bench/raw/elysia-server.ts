// Baseline for HTTP: Elysia answering a POST, and nothing else. Prints its port.

import { Elysia } from "elysia";

const app = new Elysia()
  .get("/healthz", () => "ok")
  .post("/api/webhooks/:pipeline", ({ body }) => (typeof body === "string" ? "ok" : "no body"), { parse: "text" })
  .listen({ port: Number(Bun.argv[2] ?? 0), hostname: "127.0.0.1" });
console.log(app.server?.port);

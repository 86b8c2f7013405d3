// Baseline for following: each request is answered with the time, ten times a second, and nothing else.

const count = Number(Bun.argv[3] ?? 50);

Bun.serve({
  port: Number(Bun.argv[2] ?? 0),
  hostname: "127.0.0.1",
  routes: {
    "/healthz": new Response("ok"),
    "/ticks": () =>
      new Response(async function* ticks() {
        for (let tick = 0; tick < count; tick += 1) {
          await Bun.sleep(100);
          yield `tick ${String(Date.now())}\n`;
        }
      }),
  },
});

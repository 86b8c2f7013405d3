// Receives deliveries: answers 200 at once, and says by path how many there were and from when until when.

interface Received {
  count: number;
  firstAt: number;
  lastAt: number;
}

const received = new Map<string, Received>();
const nothing: Received = { count: 0, firstAt: 0, lastAt: 0 };

Bun.serve({
  port: Number(Bun.argv[2] ?? 0),
  hostname: "127.0.0.1",
  fetch: async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/healthz") return new Response("ok");
    if (request.method === "GET") return Response.json(Object.fromEntries(received));
    await request.arrayBuffer();
    const now = performance.now();
    const known = received.get(pathname) ?? { ...nothing, firstAt: now };
    known.count++;
    known.lastAt = now;
    received.set(pathname, known);
    return new Response("ok");
  },
});

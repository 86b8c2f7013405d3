// Baseline for deliveries: the same bodies to the same receiver by a bare fetch, so many at a time, and nothing on record.

const [url = "", count = "0", connections = "1", bytes = "0"] = Bun.argv.slice(2);
const body = "x".repeat(Number(bytes));
let left = Number(count);

async function work(): Promise<void> {
  while (left > 0) {
    left--;
    const response = await fetch(url, { method: "POST", body, headers: { "content-type": "application/json" } });
    await response.arrayBuffer();
  }
}

const startedAt = performance.now();
await Promise.all(Array.from({ length: Number(connections) }, work));
console.log(JSON.stringify({ perSecond: Number(count) / ((performance.now() - startedAt) / 1000) }));
process.exit(0);

export {};

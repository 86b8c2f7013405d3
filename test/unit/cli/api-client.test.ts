import { afterEach, expect, test } from "bun:test";
import { createApiClient, type ApiClient } from "../../../src/cli/api-client.ts";
import { followRun } from "../../../src/cli/follow-run.ts";
import type { LogEntryJson } from "../../../src/core/log-entry-json.ts";

let server: ReturnType<typeof Bun.serve> | undefined;

afterEach(() => server?.stop(true));

function connectTo(handle: (request: Request) => Response | Promise<Response>, times = {}): ApiClient {
  server = Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 0, fetch: handle });
  const url = server.url.href.replace(/\/$/, "");
  return createApiClient({ address: { url, token: "t", tokenFrom: "note" }, fetch, ...times });
}

async function collect(lines: AsyncIterable<LogEntryJson>): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const { text } of lines) texts.push(text);
  return texts;
}

const line = (seq: number, text: string): string => JSON.stringify({ seq, text });

test("log lines cut anywhere by the network come out whole, with or without a last newline", async () => {
  const bytes = new TextEncoder().encode(`${line(1, "é漢")}\n\n${line(2, "two")}`);
  const client = connectTo(
    () =>
      new Response(
        (async function* () {
          for (const byte of bytes) yield Uint8Array.of(byte);
        })() as never,
      ),
  );
  expect(await collect(client.readLogs("r", { after: 0, follow: false }))).toEqual(["é漢", "two"]);
});

test("a followed log that stays silent is a broken connection", async () => {
  const client = connectTo(() => new Response(new ReadableStream({ start: (stream) => stream.enqueue("\n") })), {
    silenceMs: 100,
  });
  expect(collect(client.readLogs("r", { after: 0, follow: true }))).rejects.toMatchObject({ code: "SERVER_GONE" });
});

test("a reader slower than the allowed silence does not break the connection", async () => {
  const client = connectTo(() => new Response(`${line(1, "one")}\n${line(2, "two")}\n`), { silenceMs: 50 });
  const texts: string[] = [];
  for await (const { text } of client.readLogs("r", { after: 0, follow: true })) {
    texts.push(text);
    await Bun.sleep(150);
  }
  expect(texts).toEqual(["one", "two"]);
});

test("a redirect is not followed: it could carry the token away", async () => {
  const paths: string[] = [];
  const client = connectTo((request) => {
    paths.push(new URL(request.url).pathname);
    return new Response(null, { status: 307, headers: { location: "/elsewhere" } });
  });
  expect(client.getRun("r")).rejects.toThrow("it said HTTP 307");
  await client.getRun("r").catch(() => undefined);
  expect(paths).not.toContain("/elsewhere");
});

test.each(["r\u001B]0;title\u0007", "r\nrm -rf x", "-rf", "", "$(id)"])(
  "%j is no id of a run that could be printed or pasted",
  async (runId) => {
    const client = connectTo(() => Response.json({ run_id: runId }));
    expect(client.trigger("x", { params: {}, args: [] })).rejects.toMatchObject({ code: "SERVER_NOT_FOUND" });
  },
);

test("an answer without an end is given up before it fills the memory", async () => {
  let sentBytes = 0;
  const piece = new Uint8Array(1024 * 1024).fill(32);
  const client = connectTo(() => {
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
      sentBytes += piece.length;
      controller.enqueue(piece);
    };
    return new Response(new ReadableStream({ pull }));
  });
  expect(client.getRun("r")).rejects.toThrow("it said over 256 MiB");
  await client.getRun("r").catch(() => undefined);
  sentBytes = 0;
  const error: unknown = await collect(client.readLogs("r", { after: 0, follow: true })).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: "SERVER_NOT_FOUND" });
  expect(sentBytes).toBeLessThan(128 * 1024 * 1024);
});

test.each([
  ["self signed certificate", "DEPTH_ZERO_SELF_SIGNED_CERT", "its certificate is not trusted", "NODE_EXTRA_CA_CERTS"],
  ["Unable to connect. Is the computer able to access the url?", "ConnectionRefused", "nothing listens there", "serve"],
  ["The socket connection was closed", "ECONNRESET", "it closed the connection", "https://box"],
])("a connection that fails with %j is told in our words", async (message, code, reason, hint) => {
  const failing = (): never => {
    throw Object.assign(new Error(message), { code });
  };
  const address = { url: "http://box", token: null, tokenFrom: "nowhere" } as const;
  const client = createApiClient({ address, fetch: failing as unknown as typeof fetch });
  const error = await client.getRun("x").catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "SERVER_NOT_FOUND", message: expect.stringContaining(reason) });
  expect((error as { hint: string }).hint).toContain(hint);
});

test("a server that does not answer in time is not found", async () => {
  const client = connectTo(() => new Promise<Response>(() => undefined), { timeoutMs: 100 });
  expect(client.getRun("r")).rejects.toMatchObject({ code: "SERVER_NOT_FOUND" });
});

test.each([
  [401, "UNAUTHORIZED"],
  [404, "NOT_FOUND"],
  [409, "BAD_REQUEST"],
  [503, "STORE_UNAVAILABLE"],
])("a code that this version does not know becomes by its status %d the code %s", async (status, code) => {
  const client = connectTo(() => Response.json({ code: "FUTURE", detail: "new" }, { status }));
  expect(client.getRun("r")).rejects.toMatchObject({ code, message: "new" });
});

test("followRun() asks again for a run that has not ended, and gives up on what is no outage", async () => {
  const asked: number[] = [];
  const run = { id: "r", status: "running", steps: [] };
  const fake = {
    url: "http://x",
    getRun: () => Promise.resolve({ ...run, status: asked.length > 1 ? "failed" : "running" } as never),
    async *readLogs(_: string, { after }: { readonly after: number }) {
      asked.push(after);
      yield { seq: after + 1, text: "x" } as LogEntryJson;
    },
  };
  const { signal } = new AbortController();
  expect(await followRun({ client: fake, runId: "r", signal, onEntry: () => Promise.resolve() })).toMatchObject({
    status: "failed",
  });
  expect(asked).toEqual([0, 1]);
  const bug = (): Promise<void> => Promise.reject(new TypeError("a bug of the printer"));
  expect(followRun({ client: fake, runId: "r", signal, onEntry: bug })).rejects.toThrow("a bug of the printer");
});

test("followRun() makes as many attempts as there are waits, counted anew after each entry", async () => {
  let connections = 0;
  const client = connectTo((request) => {
    connections++;
    const after = Number(new URL(request.url).searchParams.get("after"));
    const first = connections === 2 && after === 0 ? [`${line(1, "one")}\n`, "{ cut"] : ["{ cut"];
    return new Response(first.join(""));
  });
  const seen: string[] = [];
  const following = followRun({
    client,
    runId: "r",
    signal: new AbortController().signal,
    retryDelaysMs: [1, 1, 1],
    onEntry: ({ text }) => Promise.resolve(void seen.push(text)),
  });
  expect(following).rejects.toMatchObject({ code: "SERVER_GONE" });
  await following.catch(() => undefined);
  expect(seen).toEqual(["one"]);
  expect(connections).toBe(1 + 1 + 3);
});

// Looks whether a site answers, and tells it once when that changes: when it goes down, and when it is back.
//
//   runner trigger uptime --param url=https://example.org --param notify=https://ntfy.sh/my-topic
//
// Every five minutes: take the line with `schedule` in, with your addresses. Several sites are a list of such lines.
//
// `notify` is any address that takes a text by POST, as ntfy does. Slack, Mattermost and Discord want JSON: add
// --param format=slack, or format=discord. An address that is a secret is named: --param notify=env:SLACK_URL, with
// SLACK_URL in the environment of the server. Without `notify` the run alone tells: it fails while the site is down.

export const config = {
  webhook: false, // it would fetch whatever address a caller names
  // schedule: { cron: "@every 5m", params: { url: "https://example.org", notify: "https://ntfy.sh/my-topic" } },
  params: {
    url: { type: "string", required: true, description: "the address that has to answer" },
    notify: { type: "string", default: "", description: "where to tell it, or env:NAME" },
    format: { type: "string", enum: ["text", "slack", "discord"], default: "text" },
    tries: { type: "number", default: 3, description: "it is down when none of these answers, two seconds apart" },
  },
  concurrency: { limit: 1 },
  timeout: "2m",
} satisfies PipelineConfig;

export const pipeline = async () => {
  const { url, tries } = pipelineContext.params;
  const problem = await look(url, tries);
  const before: string | null = storage.get(`problem of ${url}`) ?? null;

  // Told first, then noted: should telling fail, the next run tells it.
  if (problem !== null && before === null) await tell(`${url} is down: ${problem}`);
  if (problem === null && before !== null) await tell(`${url} is back`);
  await storage.set(`problem of ${url}`, problem);

  if (problem !== null) throw new Error(`${url} is down: ${problem}`);
  return { url, up: true };
};

/** Null when it answers, else what is wrong. */
async function look(url: string, tries: number): Promise<string | null> {
  for (let left = tries - 1; ; left--) {
    const problem = await fetch(url, { timeout: "10s" }).then(
      (answer) => (answer.ok ? null : `HTTP ${answer.status}`),
      (error: Error) => error.message,
    );
    if (problem === null || left <= 0) return problem;
    await sleep("2s");
  }
}

async function tell(text: string): Promise<void> {
  const { notify, format } = pipelineContext.params;
  console.warn(text);
  if (notify === "") return;
  const body = { text, slack: JSON.stringify({ text }), discord: JSON.stringify({ content: text }) }[format as "text"];
  const answer = await fetch(/^(env|file):/.test(notify) ? { secret: notify } : notify, {
    method: "POST",
    body,
    headers: { "Content-Type": format === "text" ? "text/plain; charset=utf-8" : "application/json" },
    timeout: "10s",
  });
  if (!answer.ok) throw new Error(`the notification was answered with HTTP ${answer.status}: ${answer.text()}`);
}

const params = { url: "https://example.org", notify: "env:SLACK_URL", format: "slack" };
const down = { "problem of https://example.org": "HTTP 503" };

// Their two seconds between tries do not really pass.
export const tests = {
  "a site that answers is not talked about": {
    params,
    fetch: { "GET https://example.org": 200 },
    expect: { result: { url: "https://example.org", up: true }, fetch: ["GET https://example.org/"] },
  },
  "one bad answer is none yet": {
    params,
    fetch: { "GET https://example.org": [503, { error: "the connection was refused" }, 200] },
    expect: { storage: { "problem of https://example.org": null } },
  },
  "a site that went down is told once": {
    params,
    fetch: { "GET https://example.org": 503, "POST env:SLACK_URL": "ok" },
    expect: {
      error: "https://example.org is down: HTTP 503",
      console: ["is down: HTTP 503"],
      storage: down,
    },
  },
  "and not again while it stays so": {
    params,
    storage: down,
    fetch: { "GET https://example.org": 503 },
    expect: { status: "failed" },
  },
  "its return is told": {
    params,
    storage: down,
    fetch: { "GET https://example.org": 200, "POST env:SLACK_URL": "ok" },
    expect: {
      console: ["https://example.org is back"],
      storage: { "problem of https://example.org": null },
    },
  },
} satisfies PipelineTests;

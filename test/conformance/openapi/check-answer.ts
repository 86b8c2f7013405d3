// Whether an answer is one that the description tells of.

import type { DescribedOperation, JsonRecord, Media, SchemaChecker } from "./described-api.ts";

export interface ReceivedAnswer {
  readonly status: number;
  /** Without its parameters; empty where there is none. */
  readonly type: string;
  readonly text: string;
}

export async function receive(answer: Response): Promise<ReceivedAnswer> {
  const type = (answer.headers.get("content-type") ?? "").split(";")[0] ?? "";
  const isStream = ["text/event-stream", "application/x-ndjson"].includes(type);
  return { status: answer.status, type, text: isStream ? await readWhileItComes(answer) : await answer.text() };
}

const silenceMs = 200;

/** What is followed has no end, or one that is far away. */
async function readWhileItComes({ body }: Response): Promise<string> {
  const reader = body?.getReader();
  const decoder = new TextDecoder();
  for (let text = ""; ;) {
    const read = await Promise.race([reader?.read(), Bun.sleep(silenceMs)]);
    if (read?.value === undefined) {
      void reader?.cancel().catch(() => undefined);
      return text;
    }
    text += decoder.decode(read.value, { stream: true });
  }
}

/** What is wrong with an answer; empty where it is as described. */
export function problemsOfAnswer(
  { status, type, text }: ReceivedAnswer,
  operation: DescribedOperation,
  checker: SchemaChecker,
): string {
  const described = operation.responses[String(status)] ?? operation.responses["default"];
  if (status >= 500 && status !== 503) return `an answer with ${String(status)}: ${text.slice(0, 500)}`;
  if (described === undefined) return `the status ${String(status)} is not described: ${text.slice(0, 500)}`;
  const contents = described.content ?? {};
  if (text === "" && Object.keys(contents).length === 0) return "";
  const media = contents[type] ?? contents["*/*"];
  if (media === undefined) return `${type} is not described`;
  if (/[/+]json$/.test(type)) return checker.problemsOf(media.schema ?? {}, JSON.parse(text));
  if (type === "application/x-ndjson") return problemsOfLines(text.split("\n"), media, checker);
  if (type === "text/event-stream") return problemsOfEvents(text, checker);
  return "";
}

/** What each line is stands in the description alone: OpenAPI has no words for it. */
function problemsOfLines(lines: readonly string[], { schema }: Media, checker: SchemaChecker): string {
  const [, name] = /^An? (\w+) in each line\.$/.exec(String(schema?.["description"])) ?? [];
  if (name === undefined) return "it is not described what a line is";
  const values = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as unknown);
  return values.map((value) => checker.problemsOf(component(name), value)).join("");
}

const dataOf: Readonly<Record<string, JsonRecord>> = {
  run: { type: "object", required: ["run_id"], properties: { run_id: { type: "string" } } },
  log: component("LogEntry"),
  end: component("Run"),
  "": component("Event"),
};

function problemsOfEvents(text: string, checker: SchemaChecker): string {
  const events = text.split("\n\n").filter((event) => event !== "" && !event.startsWith(":"));
  return events
    .map((event) => {
      const [, name = "", data = ""] = /^(?:id: \w+\n)?(?:event: (\w+)\n)?data: (.+)$/.exec(event) ?? [];
      const schema = dataOf[name];
      return schema === undefined ? `not an event: ${event}` : checker.problemsOf(schema, JSON.parse(data));
    })
    .join("");
}

function component(name: string): JsonRecord {
  return { $ref: `#/components/schemas/${name}` };
}

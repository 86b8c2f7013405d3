import { expect, test } from "bun:test";
import { journalRecordFromJson, journalRecordToJson } from "../../../src/core/journal-json.ts";
import type { JournalRecord } from "../../../src/core/journal-record.ts";

const head: JournalRecord = {
  type: "run",
  run: {
    id: "r",
    pipeline: "p",
    status: "failed",
    triggeredBy: "webhook",
    rerunOf: "o",
    createdAt: 1,
    startedAt: 2,
    result: null,
    error: { code: "SCRIPT_ERROR", message: "m", hint: null, file: "p.ts", line: 3 },
  },
  params: { nodeName: "kept as it is" },
  args: ["a"],
  targetJobs: ["test"],
  request: {
    provider: "github",
    eventType: "push",
    method: "POST",
    url: "/",
    headers: { a: "b" },
    query: {},
    body: "\uFFFD",
    bodyBase64: "/w==",
  },
  seed: "s",
  scriptRunId: "o",
  after: { runId: "before", pipeline: "build", status: "succeeded", result: { some_key: 1 }, error: null },
  cancel: { code: "RUN_TIMEOUT", message: "late" },
  format: 1,
  memoryBytes: 1024,
  bundleHash: "h",
  bundle: { hash: "h", code: "code", sourceMap: "{}" },
};
const call = {
  type: "call",
  number: 7,
  kind: "step",
  name: "build",
  args: { workDir: "/x", argsHash: 1 },
  argsHash: "abc",
  startedAt: 1_700_000_000_123,
  afterSeq: 4,
} as const;

const records: readonly JournalRecord[] = [
  head,
  {
    ...head,
    request: null,
    cancel: null,
    after: null,
    bundle: null,
    memoryBytes: null,
    run: { ...head.run, startedAt: null, error: null },
  },
  { type: "observed", values: { clockReads: 1 }, afterSeq: 3 },
  { ...call, outcome: null },
  { ...call, outcome: { ok: true, value: null } },
  { ...call, outcome: { ok: true, value: undefined } },
  { ...call, outcome: { ok: false, error: { code: "X", message: "m", hint: "h" } } },
  { type: "delivery", seq: 1, what: "result", call: 7 },
  { type: "delivery", seq: 2, what: "output", call: 7, stream: "stderr", text: "\ud800 \u0000" },
  { type: "delivery", seq: 3, what: "cancel" },
  { type: "end" },
];

test.each(records.map((record) => [record.type, record] as const))(
  "a %s record comes back from its JSON",
  (_, record) => {
    expect(journalRecordFromJson(JSON.parse(JSON.stringify(journalRecordToJson(record))))).toStrictEqual(record);
  },
);

test("all names but those inside values of a script are snake_case", () => {
  const names = records.flatMap((record) => Object.keys(journalRecordToJson(record)));
  expect(names.filter((name) => !/^[a-z_]+$/.test(name))).toEqual([]);
});

test.each([null, 1, {}, { type: "later" }])("%j is refused", (json) => {
  expect(() => journalRecordFromJson(json)).toThrow("unknown type");
});

// Compiling a YAML pipeline of 2,000 lines to its script, beside the parsing of the same text alone, in turn.

import { parse } from "yaml";
import { compileFile } from "../../src/pipelines/pipelines.ts";
import type { Row } from "./row.ts";
import { median } from "./statistics.ts";

/** Each has 26 lines. */
const jobCount = 77;
const rounds = 25;
const warmUpRounds = 60;

export async function measureCompile(): Promise<Row[]> {
  const text = makePipeline();
  const compiled = compileFile("ci.yml", text, {});
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message);
  const ours: number[] = [];
  const raws: number[] = [];
  for (let round = -warmUpRounds; round < rounds; round++) {
    const [our, raw] = [wallMs(() => compileFile("ci.yml", text, {})), wallMs(() => parse(text))];
    if (round < 0) continue;
    ours.push(our);
    raws.push(raw);
  }
  const ms = median(ours);
  return [
    {
      what: "YAML pipeline of 2,000 lines, compiled",
      unit: "ms",
      runner: ms,
      baseline: { name: "`YAML.parse` of it", value: median(raws) },
      goal: { text: "≤ 50 ms", met: ms <= 50 },
    },
  ];
}

/** Jobs in a row, as people write them. */
function makePipeline(): string {
  const job = (index: number): string => `
  - name: job-${String(index)}
    serial: true
    plan:
      - in_parallel:
          - task: lint
            config: { platform: linux, run: { path: make, args: [lint] } }
          - task: build
            timeout: 10m
            params:
              VERSION: ((version))
            config:
              platform: linux
              image_resource:
                type: registry-image
                source: { repository: golang, tag: "1.22" }
              outputs:
                - name: out
              run:
                path: sh
                args: [-c, "go build -o out/app-${String(index)}"]
      - task: test
        config: { platform: linux, run: { path: make, args: [test] }, inputs: [{ name: out }] }
        on_failure: { notify: team, message: "job-${String(index)} failed" }`;
  return `jobs:${Array.from({ length: jobCount }, (_, index) => job(index)).join("\n")}\n`;
}

/** Not the time of a core: what the engine compiles and collects beside it is no part of the wait. */
function wallMs(work: () => unknown): number {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
}

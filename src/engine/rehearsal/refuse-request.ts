// What `config.webhook` says of a test's webhook before anything runs: one that it turns away starts no run.

import type { ErrorCode } from "../../core/app-error.ts";
import type { InboundRequest } from "../../core/inbound-request.ts";
import type { PipelineConfig } from "../../core/pipeline-config.ts";
import type { RunEnd } from "../run-end.ts";
import { evaluateWhen, findSchemaMismatches } from "../webhook-condition.ts";

/** How the test ends that has such a webhook; null: its run begins. */
export function refuseRequest(
  { webhook }: Pick<PipelineConfig, "webhook">,
  request: InboundRequest,
  nowMs: number,
): RunEnd | null {
  if (webhook === false) return null;
  const { schema, when } = webhook;
  const mismatches = schema === undefined ? [] : findSchemaMismatches(schema, request);
  if (mismatches.length > 0) {
    const places = mismatches.map(({ path, message }) => `\n  ${path === "" ? "the payload" : path} ${message}`);
    return skipped("PAYLOAD_INVALID", `the payload does not fit config.webhook.schema${places.join("")}`);
  }
  if (when === undefined) return null;
  const { holds, problem } = evaluateWhen(when, request, nowMs);
  if (holds) return null;
  if (problem === null) return skipped("RUN_SKIPPED", "config.webhook.when does not hold for the request");
  return skipped("EXPRESSION_INVALID", `config.webhook.when has no value for the request: ${problem}`);
}

function skipped(code: ErrorCode, message: string): RunEnd {
  return { status: "skipped", result: null, error: { code, message, hint: null, file: null, line: null } };
}

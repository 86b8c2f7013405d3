// What asking an endpoint whether it wants an event costs.

import { expect, test } from "bun:test";
import type { EventRecord } from "../../../../src/core/event.ts";
import { EndpointSubscriptions } from "../../../../src/engine/outbound/endpoint-subscriptions.ts";
import type { Endpoint } from "../../../../src/webhooks/webhooks.ts";

class CountedPatterns extends Array<string> {
  looks = 0;

  override some(predicate: (pattern: string, index: number, all: string[]) => boolean): boolean {
    this.looks++;
    return super.some(predicate);
  }
}

test("the patterns of an endpoint are looked through once for each type, however many events there are", () => {
  const patterns = CountedPatterns.from(["deploy.*", "run.failed"]) as CountedPatterns;
  const endpoint = { id: "ep_1", events: patterns, pipelines: [], when: null, enabled: true } as unknown as Endpoint;
  const subscriptions = new EndpointSubscriptions({
    endpoints: { list: () => [endpoint] } as never,
    toDestination: () => ({ id: endpoint.id }) as never,
    metadata: {},
    now: () => 0,
    onProblem: () => undefined,
  });
  const wanted = ["deploy.done", "run.failed", "run.completed"].map((type) => {
    const event = { type, pipeline: null, target: null, data: {} } as unknown as EventRecord;
    return Array.from({ length: 10 }, () => subscriptions.list()[0]?.wants(event));
  });
  expect(wanted.map((each) => [...new Set(each)])).toEqual([[true], [true], [false]]);
  expect(patterns.looks).toBe(3);
});

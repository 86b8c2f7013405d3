// Each type of target makes the request that its service documents, within its limits, and understands its answer.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonValue } from "../../../../src/core/json.ts";
import type { OutgoingNotification } from "../../../../src/webhooks/outbound/targets/outgoing-notification.ts";
import { parseTargets } from "../../../../src/webhooks/outbound/targets/parse-targets.ts";
import { prepareTarget, type Prepared } from "../../../../src/webhooks/outbound/targets/prepare-target.ts";
import { targetTypes, type TargetTypeName } from "../../../../src/webhooks/outbound/targets/target-table.ts";

interface Suite {
  readonly requests: readonly {
    readonly name: string;
    readonly table: object;
    readonly notification: Partial<OutgoingNotification>;
    readonly request?: {
      readonly method: string;
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly json?: JsonValue;
      readonly text?: string;
    };
    readonly mail?: object;
  }[];
  readonly limits: readonly {
    readonly name: string;
    readonly table: object;
    readonly character?: string;
    readonly field: string;
    readonly maxCharacters?: number;
    readonly maxBytes?: number;
    readonly maxBodyBytes?: number;
  }[];
  readonly answers: readonly { readonly name: string; readonly answer?: JsonValue; readonly word: object }[];
}

const names = Object.keys(targetTypes) as TargetTypeName[];

function readSuite(name: string): Suite {
  return JSON.parse(readFileSync(join(import.meta.dir, `${name}.json`), "utf8")) as Suite;
}

async function prepare(type: string, table: object, given: Partial<OutgoingNotification>): Promise<Prepared> {
  const { targets, problems } = parseTargets({ ops: { type, ...table } });
  expect(problems).toEqual([]);
  const [target] = targets;
  if (target === undefined) throw new Error("no target");
  const event = { id: "evt_1", type: "run.failed", data: {} };
  const notification = { title: "", message: "", level: "info", link: null, id: "dlv_1", event, ...given } as const;
  return await prepareTarget(target, notification, async (value) => ({ ok: true, value }));
}

async function bodyOf(type: string, table: object, given: Partial<OutgoingNotification>): Promise<string> {
  const outcome = await prepare(type, table, given);
  if (!outcome.ok || outcome.prepared.type !== "http") throw new Error("no request");
  return new TextDecoder().decode(outcome.prepared.body);
}

describe.each(names)("%s", (type) => {
  const suite = readSuite(type);

  test.each(suite.requests)("$name", async ({ table, notification, request, mail }) => {
    const outcome = await prepare(type, table, notification);
    if (!outcome.ok) throw new Error(outcome.message);
    if (outcome.prepared.type === "mail") {
      expect(outcome.prepared.mail).toEqual(mail as typeof outcome.prepared.mail);
      return;
    }
    const { method, url, headers, body } = outcome.prepared;
    const text = new TextDecoder().decode(body);
    const content = request?.text === undefined ? { json: JSON.parse(text) as JsonValue } : { text };
    expect({ method, url, headers, ...content }).toEqual(request as never);
  });

  for (const { name, table, character = "x", field, ...most } of suite.limits) {
    test(`a message of any length fits ${name}, and as much of it as does`, async () => {
      for (const title of ["", "t".repeat(5000)]) {
        const message = character.repeat(50_000);
        const body = await bodyOf(type, table, { title, message, link: "https://ci.example.org/runs/1" });
        const text = (JSON.parse(body) as Readonly<Record<string, string>>)[field] ?? "";
        expect(text.isWellFormed()).toBe(true);
        expect(text).toContain("…");
        const sizes = [
          [text.length, most.maxCharacters],
          [Buffer.byteLength(text), most.maxBytes],
          [Buffer.byteLength(body), most.maxBodyBytes],
        ] as const;
        for (const [size, limit] of sizes) {
          if (limit === undefined) continue;
          expect(size).toBeLessThanOrEqual(limit);
          expect(size).toBeGreaterThan(limit * 0.75);
        }
      }
    });
  }

  test.each(suite.answers)("an answer: $name", ({ answer, word }) => {
    expect(targetTypes[type].readAnswer(answer)).toEqual(word);
  });
});

test("a token that no header can hold is told by the header's name, and nothing is sent", async () => {
  const { targets } = parseTargets({ ops: { type: "gotify", url: "https://gotify.example.org", token: "env:TOKEN" } });
  const notification = { title: "", message: "x", level: "info", link: null, id: "dlv_1", event: {} } as const;
  for (const value of ["hunter2\r\nX-Evil: 1", "hunter2 €"]) {
    const resolve = async (given: string) => ({ ok: true, value: given === "env:TOKEN" ? value : given }) as const;
    const [target] = targets;
    expect(target && (await prepareTarget(target, notification, resolve))).toEqual({
      ok: false,
      message:
        "target ops: what is to be sent as x-gotify-key holds a line break, or characters that no header can hold",
    });
  }
});

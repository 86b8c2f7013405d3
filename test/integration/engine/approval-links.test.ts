// The link of an approval: whoever has it decides that one approval, once, until it expires.

import { afterEach, describe, expect, test } from "bun:test";
import type { Decision } from "../../../src/engine/engine.ts";
import { AheadClock } from "../../fixtures/harness/ahead-clock.ts";
import { EngineHarness, runIdOf } from "../../fixtures/harness/engine-harness.ts";
import { refusal, untilOpen } from "../../fixtures/harness/news.ts";

let harness: EngineHarness;
afterEach(() => harness.close());

const hourMs = 60 * 60 * 1000;
const yes: Decision = { approved: true, by: "ada", comment: null };
const no: Decision = { approved: false, by: "bob", comment: "not today" };
const deploy = `return await approval({ name: "deploy", message: "Deploy it?", timeout: "4h" });`;

async function textsOf(id: string): Promise<string[]> {
  return (await harness.logs(id)).map(({ text }) => text);
}

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return (await refusal(promise))?.code;
}

describe("the link of an approval", () => {
  const publicUrl = "https://runner.example.org/base/";

  async function findLink(id: string): Promise<string> {
    const link = /https:\S+/.exec((await textsOf(id)).join("\n"))?.[0] ?? "";
    const [, code = ""] = /^https:\/\/runner\.example\.org\/base\/approve\/([^/]+)$/.exec(link) ?? [];
    return code;
  }

  test("is in the log, shows what is asked, and decides once", async () => {
    harness = await EngineHarness.open({ publicUrl });
    const id = await harness.start(deploy);
    const { steps } = await untilOpen(harness, id);
    const code = await findLink(id);
    const approval = await harness.engine.findLinkedApproval(code);
    expect(approval).toMatchObject({ runId: id, name: "deploy", message: "Deploy it?" });
    expect((steps[0]?.until ?? 0) - approval.expiresAt).toBeWithin(0, 1000);
    await harness.engine.findLinkedApproval(code);
    expect((await harness.engine.getRun(id)).status).toBe("waiting");
    await harness.engine.decideLinked(code, { approved: true, by: "link", comment: null });
    expect((await harness.end(id)).result).toEqual({ approved: true, by: "link", comment: null });
    const used = { code: "LINK_USED", message: expect.stringContaining("approved by link") as unknown as string };
    expect(await refusal(harness.engine.decideLinked(code, no))).toMatchObject(used);
    expect(await refusal(harness.engine.findLinkedApproval(code))).toMatchObject(used);
  });

  test("is good for the one approval alone, not for a later one of the same name", async () => {
    harness = await EngineHarness.open({ publicUrl });
    const id = await harness.start(
      `await approval({ name: "deploy" }); return (await approval({ name: "deploy" })).by;`,
    );
    await untilOpen(harness, id);
    const code = await findLink(id);
    await harness.engine.decide(id, "deploy", yes);
    await untilOpen(harness, id);
    expect(await codeOf(harness.engine.decideLinked(code, no))).toBe("LINK_USED");
    expect((await harness.engine.getRun(id)).status).toBe("waiting");
  });

  test("expires after a week, while the approval itself stays open", async () => {
    const clock = new AheadClock();
    harness = await EngineHarness.open({ publicUrl, clock });
    const id = await harness.start(`return (await approval({ name: "deploy" })).by;`);
    await untilOpen(harness, id);
    const code = await findLink(id);
    clock.advance(7 * 24 * hourMs - 5000);
    await harness.engine.findLinkedApproval(code);
    clock.advance(6000);
    expect(await codeOf(harness.engine.findLinkedApproval(code))).toBe("LINK_EXPIRED");
    expect(await codeOf(harness.engine.decideLinked(code, yes))).toBe("LINK_EXPIRED");
    await harness.engine.decide(id, "deploy", yes);
    expect((await harness.end(id)).result).toBe("ada");
  });

  test("works after a restart", async () => {
    harness = await EngineHarness.open({ publicUrl });
    const id = await harness.start(deploy);
    await untilOpen(harness, id);
    harness = await harness.restart();
    await harness.engine.decideLinked(await findLink(id), { approved: false, by: "link", comment: null });
    expect((await harness.end(id)).result).toMatchObject({ approved: false });
  });

  test("is decided once by ten who press at the same time", async () => {
    harness = await EngineHarness.open({ publicUrl });
    const id = await harness.start(deploy);
    await untilOpen(harness, id);
    const code = await findLink(id);
    const answers = await Promise.all(
      Array.from({ length: 10 }, async () => await codeOf(harness.engine.decideLinked(code, yes))),
    );
    expect(answers.filter((code) => code === "LINK_USED")).toHaveLength(9);
    expect(answers).toContain(undefined);
  });

  test("that is made up finds nothing, and asks the database nothing", async () => {
    let reads = 0;
    harness = await EngineHarness.open({
      publicUrl,
      wrapStore: (store) =>
        intercept(store, "runs", (runs) =>
          intercept(runs, "find", (find) => {
            reads++;
            return find;
          }),
        ),
    });
    const id = await harness.start(deploy);
    await untilOpen(harness, id);
    const code = await findLink(id);
    const [run = "", number = "", expiry = "", mac = ""] = code.split(".");
    const forged = [
      "nonsense",
      `${run}.${number}.${Number(expiry) + 1}.${mac}`,
      `${run}.${Number(number) + 1}.${expiry}.${mac}`,
      `${run}.${number}.${expiry}.${mac.startsWith("A") ? "B" : "A"}${mac.slice(1)}`,
    ];
    reads = 0;
    for (const wrong of forged) {
      expect(await codeOf(harness.engine.findLinkedApproval(wrong))).toBe("NOT_FOUND");
      expect(await codeOf(harness.engine.decideLinked(wrong, yes))).toBe("NOT_FOUND");
    }
    expect(reads).toBe(0);
    expect((await harness.engine.getRun(id)).status).toBe("waiting");
  });

  test("is not in a log that the sender of a webhook may read", async () => {
    harness = await EngineHarness.open({ publicUrl, config: { webhook: { stream: true } } });
    await harness.add("shared", `export const pipeline = async () => { await approval({ name: "deploy" }); };`);
    const runId = runIdOf(await harness.receive("shared", { query: { stream: "1" } }));
    await untilOpen(harness, runId);
    const texts = (await textsOf(runId)).join("\n");
    expect(texts).toContain("no link is shown");
    expect(texts).not.toContain("https:");
  });
});

/** The object with one of its members as `change` has it, at each use. */
function intercept<T extends object, Name extends keyof T>(
  target: T,
  name: Name,
  change: (member: T[Name]) => T[Name],
): T {
  return new Proxy(target, {
    get(_, asked) {
      const member: unknown = Reflect.get(target, asked);
      const own: unknown = typeof member === "function" ? member.bind(target) : member;
      return asked === name ? change(own as T[Name]) : own;
    },
  });
}

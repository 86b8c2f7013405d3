// One look at a resource outside of runs: its step, within limits, with vars of the server and secrets.

import { expect, test } from "bun:test";
import { AppError } from "../../../../src/core/app-error.ts";
import type { JsonValue } from "../../../../src/core/json.ts";
import type { StepListener, StepOutcome, StepSpec } from "../../../../src/executors/executors.ts";
import { checkOutside } from "../../../../src/engine/resources/check-outside.ts";
import { resource } from "./checker-bench.ts";

interface Bench {
  readonly outcome?: Partial<StepOutcome>;
  readonly onStart?: (listener: StepListener) => void;
  readonly vars?: Readonly<Record<string, JsonValue>>;
}

/** What was found, or why nothing; the step that was started, and what was removed of it. */
async function look(changes: Parameters<typeof resource>[0], { outcome, onStart, vars = {} }: Bench = {}) {
  const steps: StepSpec[] = [];
  const removed: string[] = [];
  const checked = {
    pipeline: "ci",
    bundle: { code: '"secret:token"' },
    resource: resource(changes),
    from: null,
    now: 0,
    signal: new AbortController().signal,
  };
  const found = checkOutside(checked, {
    vars,
    newId: () => "look",
    secrets: {
      resolve: async (reference) =>
        reference === "secret:token" ? { ok: true, value: "swordfish" } : { ok: false, message: `no ${reference}` },
    },
    executor: {
      start: async (spec, listener) => {
        steps.push(spec);
        onStart?.(listener);
        const ended = { end: "exited", code: 0, message: null, ...outcome } as const;
        return { pid: 1, outcome: Promise.resolve(ended), cancel: () => {} };
      },
      discard: async (id) => void removed.push(id),
      endRun: async (id) => void removed.push(id),
    },
  });
  const result = await found.catch((thrown: unknown) => (thrown instanceof AppError ? thrown.code : String(thrown)));
  return { result, steps, removed };
}

const git = { type: "git", source: { uri: "https://((user)):((token))@((hosts.git))/x", branch: "main" } };
const vars = { user: "ada", hosts: { git: "git.lan" } };
const ref = "a".repeat(40);

function print(text: string): (listener: StepListener) => void {
  return ({ onOutput }) => void onOutput({ stream: "stdout", offset: 0, bytes: Buffer.from(text) });
}

test("a resource whose version is pinned has that one, without a look", async () => {
  const { result, steps } = await look({ ...git, version: { ref } });
  expect([result, steps]).toEqual([[{ ref }], []]);
});

test("the step has what the server and its secrets say, a minute of time, and leaves nothing behind", async () => {
  const { result, steps, removed } = await look(git, { vars, onStart: print(`${ref}\n`) });
  expect(result).toEqual([{ ref }]);
  expect(steps[0]?.env["RUNNER_GIT_URI"]).toBe("https://ada:swordfish@git.lan/x");
  expect([steps[0]?.timeoutMs, removed]).toEqual([60_000, ["look.1", "look"]]);
});

test("a var that nobody has, or that has no such field, is told", async () => {
  const { result, steps } = await look(git, { vars: { hosts: vars.hosts } });
  expect([result, steps]).toEqual([expect.stringMatching("SECRET_MISSING"), []]);
  expect((await look(git, { vars: { user: "ada", hosts: {} } })).result).toBe("VALIDATION_FAILED");
  expect((await look(git, { vars: { user: "ada", hosts: "git.lan" } })).result).toBe("VALIDATION_FAILED");
  const named = { ...git, source: { uri: "https://((other:user))/x" } };
  expect((await look(named, { vars })).result).toBe("SECRET_MISSING");
});

test("a step that fails is told in its words, and leaves nothing behind either", async () => {
  const failed = await look(git, {
    vars,
    outcome: { code: 1 },
    onStart: ({ onOutput }) => {
      void onOutput({ stream: "stderr", offset: 0, bytes: Buffer.from("no route to host") });
    },
  });
  expect(failed.result).toContain("no route to host");
  expect(failed.removed).toEqual(["look.1", "look"]);
});

test("a check that writes more than 1 MiB is refused", async () => {
  const line = `${ref}\n`;
  const { result } = await look(git, {
    vars,
    onStart: (listener) => {
      for (let written = 0; written <= 1024 * 1024; written += line.length * 1000) print(line.repeat(1000))(listener);
    },
  });
  expect(result).toBe("VALUE_TOO_LARGE");
});

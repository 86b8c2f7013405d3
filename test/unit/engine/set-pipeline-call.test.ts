// `setPipeline` of a script: which pipeline it sets, with which text, and what it refuses.

import { expect, test } from "bun:test";
import type { AppError } from "../../../src/core/app-error.ts";
import type { JsonValue } from "../../../src/core/json.ts";
import { setPipeline } from "../../../src/engine/set-pipeline-call.ts";
import type { WorkContext } from "../../../src/engine/work-call.ts";

interface Set {
  readonly id: string;
  readonly source: string;
  readonly extension: string;
}

async function call(
  name: string,
  args: { readonly source: string; readonly vars?: JsonValue; readonly instanceVars?: JsonValue },
  {
    files = {},
    takesNews = true,
  }: { readonly files?: Readonly<Record<string, string>>; readonly takesNews?: boolean } = {},
): Promise<{ readonly value?: JsonValue | undefined; readonly sets: readonly Set[]; readonly error?: AppError }> {
  const sets: Set[] = [];
  const pipelineSetter = {
    findFile: (id: string) => files[id],
    set: async (id: string, { source, extension }: { readonly source: string; readonly extension: string }) => {
      sets.push({ id, source, extension });
      return await Promise.resolve({ change: "created" });
    },
  };
  const context = { parts: { pipelineSetter, takesNews }, run: { pipeline: "own" }, name } as unknown as WorkContext;
  try {
    return { value: (await setPipeline({ vars: {}, ...args }, context)).value, sets };
  } catch (thrown) {
    return { sets, error: thrown as AppError };
  }
}

test("the text goes into force with its vars filled", async () => {
  expect(await call("app", { source: "a: ((x))\n", vars: { x: 1 } })).toEqual({
    value: { pipeline: "app", change: "created" },
    sets: [{ id: "app", source: "a: 1\n", extension: ".yml" }],
  });
});

test("self is the pipeline that runs; instance vars are filled too and make it one of its own", async () => {
  const { sets } = await call("self", { source: "a: ((x))-((b))\n", vars: { x: 1 }, instanceVars: { b: "main" } });
  expect(sets).toEqual([{ id: "own/b-main", source: "a: 1-main\n", extension: ".yml" }]);
});

test("a YAML pipeline keeps the end of its name; a script of that name is not replaced", async () => {
  const files = { one: "one.yaml", two: "two.ts" };
  expect((await call("one", { source: "a: 1" }, { files })).sets).toMatchObject([{ extension: ".yaml" }]);
  const { error, sets } = await call("two", { source: "a: 1" }, { files });
  expect(sets).toEqual([]);
  expect(error).toMatchObject({ code: "VALIDATION_FAILED", message: expect.stringContaining("two.ts is a script") });
});

test("what is filled with too much is refused", async () => {
  const { error } = await call("app", { source: "a: ((x))", vars: { x: "y".repeat(1024 ** 2) } });
  expect(error).toMatchObject({ code: "VALIDATION_FAILED", message: expect.stringContaining("over 1 MiB") });
});

test("without a server nothing is set", async () => {
  expect((await call("app", { source: "a: 1" }, { takesNews: false })).error).toMatchObject({ code: "UNSUPPORTED" });
});

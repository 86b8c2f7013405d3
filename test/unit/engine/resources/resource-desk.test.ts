// What is told of resources, and who may have them checked.

import { expect, test } from "bun:test";
import { AppError } from "../../../../src/core/app-error.ts";
import { ResourceDesk, type ResourceDeskOptions } from "../../../../src/engine/resources/resource-desk.ts";
import { resource } from "./checker-bench.ts";

function openDesk(changes: Partial<ResourceDeskOptions> = {}, asked: unknown[] = []): ResourceDesk {
  const config = { webhook: {}, params: {}, resources: [resource({ name: "a" }), resource({ name: "b" })] };
  const version = { bundle: { hash: "h", code: "", sourceMap: "" }, config, file: "ci.yml", loadedAt: 0 };
  const pipeline = { id: "ci", file: "ci.yml", state: "ok", version, problems: [] } as const;
  return new ResourceDesk({
    catalog: { list: () => [pipeline], get: (id) => (id === "ci" ? pipeline : undefined) },
    pauses: { isPaused: () => false },
    store: { resources: { list: async () => [] } } as unknown as ResourceDeskOptions["store"],
    checker: {
      stateOf: (_, name) => ({ lastCheck: null, nextCheckAt: name === "a" ? 7 : null }),
      checkNow: async (...given) => void asked.push(given),
    },
    checkReady: () => {},
    ...changes,
  });
}

test("a resource of a paused pipeline has no next check", async () => {
  expect((await openDesk().list()).map(({ nextCheckAt }) => nextCheckAt)).toEqual([7, null]);
  const paused = await openDesk({ pauses: { isPaused: () => true } }).list("ci");
  expect(paused.map(({ nextCheckAt }) => nextCheckAt)).toEqual([null, null]);
});

test("one is checked by its name, or all; what is not there is told, and where no runs are taken none", async () => {
  const asked: unknown[] = [];
  const desk = openDesk({}, asked);
  expect((await desk.check("ci", "b")).map(({ name }) => name)).toEqual(["b"]);
  expect(await desk.check("ci")).toHaveLength(2);
  expect(asked).toEqual([
    ["ci", ["b"]],
    ["ci", ["a", "b"]],
  ]);
  const checkReady = (): never => {
    throw new AppError("DISK_LOW", "the disk is full");
  };
  const refusal = async (given: ResourceDesk, ...of: [string, string?]): Promise<unknown> =>
    await given.check(...of).catch((thrown: AppError) => thrown.code);
  expect(await refusal(desk, "ci", "c")).toBe("RESOURCE_NOT_FOUND");
  expect(await refusal(desk, "other")).toBe("PIPELINE_NOT_FOUND");
  expect(await refusal(openDesk({ checkReady }, asked), "ci")).toBe("DISK_LOW");
  expect(asked).toHaveLength(2);
});

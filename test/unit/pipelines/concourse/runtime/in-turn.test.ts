// So many at once, in the order they came.

import { expect, test } from "bun:test";
import { InTurn } from "../../../../../src/pipelines/concourse/runtime/in-turn.ts";

test("who comes as another has just had its turn waits too, and one that fails makes room", async () => {
  const turns = new InTurn(1);
  let active = 0;
  const seen: string[] = [];
  const work = (name: string) => async (): Promise<void> => {
    seen.push(`${name} beside ${active++}`);
    await Bun.sleep(2);
    active--;
    if (name === "a") throw new Error("failed");
  };
  const first = [turns.run(work("a")).catch(() => {}), turns.run(work("b"))];
  await first[0];
  await Promise.all([...first, turns.run(work("c"))]);
  expect(seen).toEqual(["a beside 0", "b beside 0", "c beside 0"]);
});

import { expect, test } from "bun:test";
import type { NewEvent } from "../../../../src/core/event.ts";
import { withCommitNews } from "../../../../src/engine/events/committed-store.ts";
import { openStore, rejection, setValue, withDatabase } from "../../store/store-files.ts";

const event: NewEvent = {
  id: "evt_1",
  type: "a.b",
  createdAt: 1,
  runId: null,
  pipeline: null,
  target: null,
  data: {},
};

test("a listener hears of a commit that made an event, once that can be read", async () => {
  await withDatabase(async (path) => {
    const store = withCommitNews(await openStore(path));
    const heard: Promise<number>[] = [];
    const stop = store.onCommitted(() => heard.push(store.events.newestSeq()));
    await store.commit([setValue("a"), { type: "event.put", event }]);
    expect(await Promise.all(heard)).toEqual([1]);
    stop();
    await store.commit([{ type: "event.put", event: { ...event, id: "evt_2" } }]);
    expect(heard).toHaveLength(1);
    await store.close();
  });
});

test("a listener hears nothing of a commit that makes no event, or that fails", async () => {
  await withDatabase(async (path) => {
    const store = withCommitNews(await openStore(path));
    let heard = 0;
    store.onCommitted(() => heard++);
    await store.commit([setValue("a")]);
    await rejection(
      store.commit([
        { type: "event.put", event },
        { type: "run.start", id: "none", at: 1 },
      ]),
    );
    expect(heard).toBe(0);
    await store.close();
  });
});

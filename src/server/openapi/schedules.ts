// The schedules of the API, described.

import { answer, guardedProblems, json, objectOf, type Paths, ref } from "./describe.ts";
import { scheduleExample } from "./examples.ts";

export const schedulePaths: Paths = {
  "/api/schedules": {
    get: {
      operationId: "listSchedules",
      summary: "List when runs begin by themselves",
      tags: ["Pipelines"],
      responses: {
        "200": answer(
          "All schedules, by pipeline.",
          json(objectOf({ schedules: { type: "array", items: ref("Schedule") } }), { schedules: [scheduleExample] }),
        ),
        ...guardedProblems(),
      },
    },
  },
};

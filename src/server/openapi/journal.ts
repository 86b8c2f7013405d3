// The journal of a run, described.

import type { JournalRecord } from "../../core/journal-record.ts";
import { journalRecordToJson } from "../../core/journal-json.ts";
import { answer, content, guardedProblems, parameter, type Paths } from "./describe.ts";
import { journalExample } from "./examples.ts";
import { runParameter } from "./runs.ts";

export const journalPaths: Paths = {
  "/api/runs/{run}/journal": {
    get: {
      operationId: "readJournal",
      summary: "Read what a run recorded",
      description:
        "A JournalRecord in each line, in the order in which a script that is executed again meets them: the run, what " +
        "it observed of the clock and of chance, then each host call with its outcome and, behind the calls that came " +
        "before it, each delivery. Secrets that a script names are not in it. A run that has not ended is read as far " +
        "as it has come. The last record is of type end; without it the journal was cut off.",
      tags: ["Runs"],
      parameters: [
        runParameter,
        parameter(
          "query",
          "script",
          "With the bundled script, which may hold a webhook secret where its author wrote one into it.",
          { enum: ["1", "0", "true", "false"] },
          "1",
        ),
      ],
      responses: {
        "200": answer(
          "The journal.",
          content(
            "application/x-ndjson",
            { type: "string", description: "A JournalRecord in each line." },
            journalExample.map((record: JournalRecord) => `${JSON.stringify(journalRecordToJson(record))}\n`).join(""),
          ),
        ),
        ...guardedProblems("VALIDATION_FAILED", "RUN_NOT_FOUND"),
      },
    },
  },
};

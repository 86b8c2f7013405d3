// The artifacts of the API, described.

import { attachment } from "../attachment.ts";
import { answer, content, guardedProblems, header, parameter, type Paths } from "./describe.ts";
import { runParameter } from "./runs.ts";

const name = "files.txt";

export const artifactPaths: Paths = {
  "/api/runs/{run}/artifacts/{name}": {
    get: {
      operationId: "getArtifact",
      summary: "Download a file that a run has kept",
      tags: ["Runs"],
      parameters: [
        runParameter,
        parameter("path", "name", "As in the run's list.", { type: "string", minLength: 1 }, name),
      ],
      responses: {
        "200": answer("The file.", content("*/*", {}, "a.txt\nb.txt\n"), {
          "Content-Disposition": header("To be saved, not shown.", attachment(name)["content-disposition"] ?? ""),
        }),
        "206": answer("The part of it that Range asked for.", content("*/*", {}, "a.txt\n")),
        "416": answer("Range asked for what is not there."),
        ...guardedProblems("RUN_NOT_FOUND", "ARTIFACT_NOT_FOUND"),
      },
    },
  },
};

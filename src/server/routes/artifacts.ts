// GET /api/runs/{id}/artifacts/{name}: the file as it was saved, for saving again; never shown as a page of this server.

import { stat } from "node:fs/promises";
import type { Elysia } from "elysia";
import { AppError } from "../../core/app-error.ts";
import { attachment } from "../attachment.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import type { RouteContext } from "../route-context.ts";

const address = "/api/runs/:id/artifacts/:name";

export function addArtifactRoutes(app: Elysia, context: RouteContext): void {
  app
    .get(address, ({ params }) => getArtifact(params.id, params.name, context))
    .all(address, ({ request }) => methodNotAllowed(request, "GET, HEAD"));
}

async function getArtifact(runId: string, name: string, { engine }: RouteContext): Promise<Response> {
  const { artifact, path } = await engine.openArtifact(runId, name);
  const found = await stat(path).catch(() => null);
  if (found === null || found.size !== artifact.bytes) {
    throw new AppError("ARTIFACT_NOT_FOUND", `the file of the artifact ${JSON.stringify(artifact.name)} is gone`, {
      hint: "it is removed with its run, or was removed from the data folder by hand",
    });
  }
  // Bun sends the file as fast as the client reads, answers a range of it, and leaves out the body for HEAD.
  return new Response(Bun.file(path), { headers: attachment(artifact.name) });
}

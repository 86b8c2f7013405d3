// The whole description of the API, as OpenAPI 3.1.

import packageJson from "../../../package.json" with { type: "json" };
import { artifactPaths } from "./artifacts.ts";
import { endpointSchemas } from "./endpoint-schemas.ts";
import { endpointPaths } from "./endpoints.ts";
import { eventPaths } from "./events.ts";
import { healthPaths } from "./health.ts";
import { journalPaths } from "./journal.ts";
import { logPaths } from "./logs.ts";
import { newsPaths } from "./news.ts";
import { pagePaths } from "./pages.ts";
import { pipelinePaths } from "./pipelines.ts";
import { requestPaths } from "./requests.ts";
import { rerunPaths } from "./reruns.ts";
import { runPaths } from "./runs.ts";
import { schedulePaths } from "./schedules.ts";
import { schemas } from "./schemas.ts";
import { secretPaths } from "./secrets.ts";
import { targetPaths } from "./targets.ts";
import { webhookPaths } from "./webhooks.ts";

export const openApi = {
  openapi: "3.1.0",
  info: {
    title: "runner",
    version: packageJson.version,
    // It also stands in an attribute of the page.
    description:
      "Scripts are triggered by webhooks, at their times and by hand; each run is recorded with its steps and its log. JSON is snake_case, times are " +
      "RFC 3339 in UTC, errors are application/problem+json with a code and a hint.",
  },
  tags: [
    { name: "Webhooks", description: "Open to whoever can sign." },
    { name: "Endpoints", description: "Who is sent events, and what became of that." },
    { name: "Requests", description: "The webhooks that were received." },
    { name: "Pipelines", description: "The scripts in the folder." },
    { name: "Runs", description: "What was executed, its log and its files." },
    { name: "Events", description: "What happens." },
    { name: "Secrets", description: "What the server keeps for scripts, and gives to nobody." },
    { name: "Health", description: "For monitors; open." },
    { name: "Sessions", description: "For browsers." },
    { name: "Documentation", description: "This." },
  ],
  security: [{ token: [] }],
  paths: {
    ...webhookPaths,
    ...endpointPaths,
    ...targetPaths,
    ...requestPaths,
    ...pipelinePaths,
    ...schedulePaths,
    ...secretPaths,
    ...runPaths,
    ...newsPaths,
    ...rerunPaths,
    ...logPaths,
    ...eventPaths,
    ...journalPaths,
    ...artifactPaths,
    ...healthPaths,
    ...pagePaths,
  },
  components: {
    securitySchemes: {
      token: {
        type: "http",
        scheme: "bearer",
        description: "The content of runner.token in the data folder. In a browser with a session none is needed.",
      },
    },
    schemas: { ...schemas, ...endpointSchemas },
  },
};

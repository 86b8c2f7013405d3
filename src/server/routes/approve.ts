// GET /approve/{code}: the page behind the link of an approval, which changes nothing. POST: its decision. The link is all
// that is asked for.

import type { Elysia } from "elysia";
import { AppError, toAppError } from "../../core/app-error.ts";
import { maxDeciderName, maxNewsText } from "../../core/news-name.ts";
import type { Decision } from "../../engine/engine.ts";
import { approvalPath } from "../../secrets/secrets.ts";
import { acceptsHtml } from "../accepts-html.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import { readBody } from "../read-body.ts";
import { refuseCrossSite } from "../refuse-cross-site.ts";
import { readHeaders } from "../request-headers.ts";
import type { RouteContext } from "../route-context.ts";
import { approvalPage, decidedPage, linkProblemPage } from "../ui/approval-page.ts";

const maxFormBytes = 32 * 1024;
const address = `${approvalPath}:code` as const;

export function addApproveRoutes(app: Elysia, context: RouteContext): void {
  const { engine, clock } = context;
  app
    .get(address, async ({ params, request }) =>
      asPage(request, context, async () => approvalPage(await engine.findLinkedApproval(params.code), clock.now())),
    )
    .post(
      address,
      async ({ params, request }) => asPage(request, context, () => decide(params.code, request, context)),
      {
        parse: "none",
      },
    )
    .all(address, ({ request }) => methodNotAllowed(request, "GET, HEAD, POST"));
}

async function decide(code: string, request: Request, context: RouteContext): Promise<Response> {
  refuseCrossSite(request, context.publicUrl);
  const limits = { ...context.limits, maxBodyBytes: maxFormBytes };
  const body = await readBody(request, readHeaders(request.headers, limits), { limits, clock: context.clock });
  const decision = readForm(new URLSearchParams(new TextDecoder().decode(body)));
  return decidedPage(await context.engine.decideLinked(code, decision), decision);
}

function readForm(form: URLSearchParams): Decision {
  const decision = form.get("decision");
  if (decision !== "approve" && decision !== "deny") {
    throw new AppError("VALIDATION_FAILED", "the form says neither approve nor deny", {
      hint: "open the link again and press one of its buttons",
    });
  }
  const by = (form.get("by") ?? "").trim().slice(0, maxDeciderName);
  const comment = (form.get("comment") ?? "").trim().slice(0, maxNewsText);
  return { approved: decision === "approve", by: by || "link", comment: comment || null };
}

/** Errors as a page for a person, as problem+json for a program. */
async function asPage(request: Request, context: RouteContext, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.code === "INTERNAL" || !acceptsHtml(request)) throw thrown;
    context.reportError(error, request);
    return linkProblemPage(error);
  }
}

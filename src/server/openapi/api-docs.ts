// The API's documentation over HTTP: @elysiajs/swagger over our description, with a page that needs no internet.

import { swagger, type ElysiaSwaggerConfig } from "@elysiajs/swagger";
import { Elysia } from "elysia";
import { jsonResponse } from "../json-response.ts";
import { splitTarget } from "../request-path.ts";
import { inlineSource, pageResponse } from "../ui/page-response.ts";
import { openApi } from "./document.ts";
import { scalarResponse, scalarVersion } from "./scalar-file.ts";

/** What the page's program is told. Each of these would load from, or send to, somebody else's server. */
const quiet = {
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: "never",
  // No proxy: requests go to this server and nowhere else.
  proxyUrl: "",
};

const look = {
  theme: "default",
  customCss: "",
  documentDownloadType: "json",
  favicon: "data:,",
  defaultOpenAllTags: true,
};

/** Whatever is forgotten above is refused by the browser. The plugin's empty script is one, too. */
function policyFor(html: string): string {
  const inline = [...html.matchAll(/<script(?![^>]* src=)[^>]*>([^<]*)<\/script>/g)].map(([, text = ""]) =>
    inlineSource(text),
  );
  return (
    `script-src 'self' ${inline.join(" ")}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; ` +
    "font-src 'self' data:; connect-src 'self'"
  );
}

export async function answerApiDocs(request: Request, publicUrl: string | null): Promise<Response> {
  const { path } = splitTarget(request.url);
  if (path.endsWith("/scalar.js")) return await scalarResponse(request);
  docs ??= createDocs(await scalarVersion());
  const answer = await docs.handle(new Request(`http://localhost${path}`));
  if (path.endsWith("/json")) {
    const document = (await answer.json()) as object;
    return jsonResponse({ ...document, servers: describeServers(request, publicUrl) });
  }
  const html = await answer.text();
  return pageResponse(html, { policy: policyFor(html) });
}

/** Where the API is: beside the page, which may lie below a path of a proxy. The first one is what the page uses. */
function describeServers(request: Request, publicUrl: string | null): readonly { readonly url: string }[] {
  const address = publicUrl === null ? null : URL.parse(publicUrl);
  if (address === null) return [{ url: "/" }];
  const byPublicHost = request.headers.get("host") === address.host;
  const publicServer = { url: address.href.replace(/\/+$/, "") };
  return byPublicHost ? [publicServer] : [{ url: "/" }, publicServer];
}

let docs: Elysia | undefined;

function createDocs(version: string): Elysia {
  const options = {
    provider: "scalar",
    documentation: openApi,
    // Relative, as a proxy may have put a path before ours.
    scalarCDN: `swagger/scalar.js?v=${version}`,
    scalarConfig: { ...quiet, ...look },
  };
  // The plugin's types know OpenAPI 3.0 and an older page; what it does with either is to pass it on.
  return new Elysia().use(swagger(options as unknown as ElysiaSwaggerConfig));
}

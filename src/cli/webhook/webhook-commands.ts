// The commands that `runner webhook` prints: they are executed as they stand, so every word of them is quoted.

import { quote } from "../program-name.ts";

/** Holds the secret in the shell of whoever pastes the commands; the server never tells it. */
export const secretVariable = "WEBHOOK_SECRET";

export interface RequestOptions {
  /** curl, with the options that reaching the address takes. */
  readonly command: string;
  readonly url: string;
  /** null: any, so the plainest one. */
  readonly provider: string | null;
  readonly signed: boolean;
}

/** Those whose requests are a matter of curl and openssl; those of the others `runner sign` makes. */
export function isSignedByHand(provider: string | null): boolean {
  return provider === null || ["github", "slack", "generic"].includes(provider);
}

/** A request as this provider sends it: lines for a POSIX shell with curl and openssl. */
export function requestCommands({ command, url, provider, signed }: RequestOptions): string {
  const { body, event, signedText, header } = shapeOf(provider);
  const lines = [`body=${quote(body)}`];
  if (signed) {
    if (provider === "slack") lines.push("time=$(date +%s)");
    lines.push(
      `signature=$(printf %s ${signedText} | openssl dgst -sha256 -hmac "$${secretVariable}" | sed 's/^.* //')`,
    );
  }
  const headers = ["-H 'Content-Type: application/json'", ...event, ...(signed ? header : [])];
  lines.push(`${command} -sS ${quote(url)} -d "$body" ${headers.join(" ")}`);
  return lines.join("\n");
}

interface RequestShape {
  readonly body: string;
  /** What tells the event, signed or not. */
  readonly event: readonly string[];
  readonly signedText: string;
  readonly header: readonly string[];
}

function shapeOf(provider: string | null): RequestShape {
  switch (provider) {
    case "github":
      return {
        body: '{"ref":"refs/heads/main","after":"0000000000000000000000000000000000000000"}',
        event: ["-H 'X-GitHub-Event: push'"],
        signedText: '"$body"',
        header: ['-H "X-Hub-Signature-256: sha256=$signature"'],
      };
    case "slack":
      return {
        body: '{"type":"url_verification","challenge":"test"}',
        event: [],
        signedText: '"v0:$time:$body"',
        header: ['-H "X-Slack-Request-Timestamp: $time"', '-H "X-Slack-Signature: v0=$signature"'],
      };
    default:
      return { body: "{}", event: [], signedText: '"$body"', header: ['-H "X-Webhook-Signature: $signature"'] };
  }
}

/** Registers the address at GitHub; a secret goes through standard input, so that it is in no list of processes. */
export function githubCommand(url: string, signed: boolean): string {
  const secret = signed ? `printf %s "$${secretVariable}" | ` : "";
  const fields = [
    "-f name=web",
    "-F active=true",
    "-f 'events[]=push'",
    `-f ${quote(`config[url]=${url}`)}`,
    "-f 'config[content_type]=json'",
    ...(signed ? ["-F 'config[secret]=@-'"] : []),
  ];
  return `${secret}gh api --method POST repos/OWNER/REPO/hooks \\\n  ${fields.slice(0, 3).join(" ")} \\\n  ${fields.slice(3).join(" ")}`;
}

/** What to enter. Gitea sends GitHub's headers beside its own; a form body would be signed as if it were JSON. */
export function giteaFields(url: string, signed: boolean): Readonly<Record<string, string>> {
  return {
    "Target URL": url,
    "HTTP Method": "POST",
    "POST Content Type": "application/json",
    Secret: signed ? "the pipeline's secret" : "(empty)",
    "Trigger On": "Push Events",
  };
}

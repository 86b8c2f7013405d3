// The kinds of senders by name, in the order in which a request is held against them.

export const providerNames = [
  // Each of the first three sends the header names of those behind it too.
  "forgejo",
  "gitea",
  "gogs",
  "github",
  "gitlab",
  "bitbucket",
  "slack",
  "stripe",
  "pagerduty",
  "linear",
  "sentry",
  "honeybadger",
  "shopify",
  "discord",
  "twilio",
  "meraki",
  "grafana",
  // GitLab signs in this way too.
  "standard",
  "homeassistant",
  "dockerhub",
  "bearer",
  "basic",
  "generic",
] as const;

export type ProviderName = (typeof providerNames)[number];

/** Those whose senders can sign with SHA-1, which is believed only where a pipeline asks for it. */
export const sha1Providers: readonly ProviderName[] = ["github", "generic"];

/** Those whose senders give their deliveries no id by which a repetition is known. */
export const idlessProviders: readonly ProviderName[] = ["honeybadger", "grafana", "homeassistant", "dockerhub"];

/** The algorithm that a pipeline may ask for by name. */
export type WebhookAlgorithm = "sha1";

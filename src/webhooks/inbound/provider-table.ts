// The known providers, in the order in which they are tried; the fallback is last.

import { type ProviderName, providerNames } from "../../core/webhook-provider.ts";
import type { InboundProvider } from "./provider.ts";
import { basic } from "./providers/basic.ts";
import { bearer } from "./providers/bearer.ts";
import { bitbucket } from "./providers/bitbucket.ts";
import { discord } from "./providers/discord.ts";
import { dockerhub } from "./providers/dockerhub.ts";
import { forgejo } from "./providers/forgejo.ts";
import { generic } from "./providers/generic.ts";
import { gitea } from "./providers/gitea.ts";
import { github } from "./providers/github.ts";
import { gitlab } from "./providers/gitlab.ts";
import { gogs } from "./providers/gogs.ts";
import { grafana } from "./providers/grafana.ts";
import { homeassistant } from "./providers/homeassistant.ts";
import { honeybadger } from "./providers/honeybadger.ts";
import { linear } from "./providers/linear.ts";
import { meraki } from "./providers/meraki.ts";
import { pagerduty } from "./providers/pagerduty.ts";
import { sentry } from "./providers/sentry.ts";
import { shopify } from "./providers/shopify.ts";
import { slack } from "./providers/slack.ts";
import { standard } from "./providers/standard.ts";
import { stripe } from "./providers/stripe.ts";
import { twilio } from "./providers/twilio.ts";

const table: Readonly<Record<ProviderName, InboundProvider>> = {
  basic,
  bearer,
  bitbucket,
  discord,
  dockerhub,
  forgejo,
  generic,
  gitea,
  github,
  gitlab,
  gogs,
  grafana,
  homeassistant,
  honeybadger,
  linear,
  meraki,
  pagerduty,
  sentry,
  shopify,
  slack,
  standard,
  stripe,
  twilio,
};

export const fallbackProvider = generic;

export const providers: readonly InboundProvider[] = providerNames.map((name) => table[name]);

export function findProvider(name: string): InboundProvider | undefined {
  return providers.find((provider) => provider.name === name);
}

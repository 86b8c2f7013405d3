// Every type of target by its name in runner.toml.

import { discord } from "./discord.ts";
import { email } from "./email.ts";
import { gotify } from "./gotify.ts";
import { matrix } from "./matrix.ts";
import { ntfy } from "./ntfy.ts";
import { plainWebhook } from "./plain-webhook.ts";
import { slack } from "./slack.ts";
import { telegram } from "./telegram.ts";
import type { TargetType } from "./target-type.ts";

export const targetTypes = {
  ntfy,
  gotify,
  slack,
  discord,
  matrix,
  telegram,
  email,
  webhook: plainWebhook,
} as const satisfies Readonly<Record<string, TargetType>>;

export type TargetTypeName = keyof typeof targetTypes;

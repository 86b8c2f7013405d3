// Which secret `runner sign` signs with. The server never tells one, so it is found on this side.

import { AppError } from "../../core/app-error.ts";
import type { WebhookConfig } from "../../core/pipeline-config.ts";
import { createSecretReader } from "../../secrets/secrets.ts";
import type { CommandContext } from "../command-context.ts";
import { loadCommandConfig } from "../config-flags.ts";
import { readGivenSecret } from "../given-secret.ts";
import { secretVariable } from "../webhook/webhook-commands.ts";

/** @throws {AppError} USAGE where none is given and the pipeline's own cannot be read here. */
export async function findSecret(
  pipeline: string,
  given: string | undefined,
  context: CommandContext,
): Promise<string> {
  if (given !== undefined) return await readGivenSecret(given, context);
  const variable = context.environment[secretVariable];
  if (variable !== undefined && variable !== "") return variable;
  const own = await findOwnSecret(pipeline, context);
  const hint = `give it with --secret, or in the variable ${secretVariable}`;
  if (own === undefined) {
    throw new AppError("USAGE", `the secret of ${pipeline} is not to be found on this side`, { hint });
  }
  // Read as the server reads it: "-" is a secret there.
  const { environment: env, now } = context;
  const resolved = await createSecretReader({ env, now }).resolve(own, pipeline);
  if (resolved.ok) return resolved.value;
  throw new AppError("USAGE", `the secret of ${pipeline} cannot be read here: ${resolved.message}`, { hint });
}

/** The reference in the pipeline's file, where the folder of the pipelines is on this machine. */
async function findOwnSecret(pipeline: string, context: CommandContext): Promise<string | undefined> {
  const { config } = await loadCommandConfig(context, {});
  const { pipelines } = await (await context.loadApp()).checkPipelines(config);
  const webhook: WebhookConfig | false = pipelines.find(({ id }) => id === pipeline)?.version?.config.webhook ?? false;
  const secret = webhook === false ? undefined : webhook.secret;
  // Of several the first is the new one.
  return typeof secret === "string" || secret === undefined ? secret : secret[0];
}

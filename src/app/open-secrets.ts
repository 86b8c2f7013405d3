// Secrets of a server: those it keeps, those it finds elsewhere, and the masking of them all.

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type Config, environment } from "../config.ts";
import { StoredSecrets, UploadedSecrets } from "../engine/engine.ts";
import { createSecretReader, openSecretBox, type SecretReader } from "../secrets/secrets.ts";
import type { Store } from "../store/store.ts";
import type { Logger, Redactor } from "../telemetry/telemetry.ts";

export interface SecretsOptions {
  readonly store: Store;
  readonly redactor: Redactor;
  readonly logger: Logger;
  readonly config: Pick<Config, "secretKeyFile">;
  /** Holds the key, where the config names no file. */
  readonly keyFolder: string;
}

/** @throws {AppError} CONFIG_INVALID for the key of secrets that there are. */
export async function openSecrets({ store, redactor, logger, config, keyFolder }: SecretsOptions): Promise<{
  readonly secrets: SecretReader;
  readonly storedSecrets: StoredSecrets;
  readonly uploadedSecrets: UploadedSecrets;
  readonly openBox: () => ReturnType<typeof openSecretBox>;
}> {
  const isGiven = config.secretKeyFile !== null;
  const key = { path: config.secretKeyFile ?? join(keyFolder, "secrets.key"), isGiven };
  const openBox = async (): ReturnType<typeof openSecretBox> => await openSecretBox(key, randomBytes);
  const storedSecrets = await StoredSecrets.load({ store, openBox, redactor, now: Date.now });
  for (const { name, pipeline } of storedSecrets.unusable) {
    const what = "a stored secret does not open with the key of this server; bring back the key, or set it again";
    logger.error(what, { secret: name, pipeline, key: key.path });
  }
  // After the others: two that open a box at the same time would both make its key.
  const uploadedSecrets = await UploadedSecrets.load({ store, openBox });
  for (const pipeline of uploadedSecrets.unusable) {
    const what = "a webhook's secret does not open with the key of this server; bring back the key, or upload it again";
    logger.error(what, { pipeline, key: key.path });
  }
  const secrets = createSecretReader({
    env: environment,
    now: Date.now,
    findStored: (name, pipeline) => storedSecrets.find(name, pipeline),
    onValue: (reference, value) => redactor.add(reference, value),
  });
  return { secrets, storedSecrets, uploadedSecrets, openBox };
}

/** Where there is no server: which secrets one keeps only it can tell. */
export function assumeSecrets(): SecretReader {
  const findStored = (name: string) => ({ ok: true, value: `the value of ${name}` }) as const;
  return createSecretReader({ env: environment, now: Date.now, findStored });
}

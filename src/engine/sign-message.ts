// `crypto.hmac` of a script with a secret by reference, which never leaves this process.

import { createHmac } from "node:crypto";
import { AppError } from "../core/app-error.ts";
import { parseHmacAlgorithm } from "../core/hmac-algorithm.ts";
import type { Work } from "./work-call.ts";

interface SignArguments {
  readonly algorithm: string;
  readonly secret: string;
  /** Base64. */
  readonly message: string;
}

export const signMessage: Work = async (args, { parts, run }) => {
  const { algorithm, secret, message } = args as unknown as SignArguments;
  const resolved = await parts.secrets.resolve(secret, run.pipeline);
  if (!resolved.ok) throw new AppError("SECRET_MISSING", `crypto.hmac: ${resolved.message}`);
  const known = parseHmacAlgorithm(algorithm);
  if (known === null) throw new AppError("VALIDATION_FAILED", `crypto.hmac: unknown algorithm ${algorithm}`);
  return { value: createHmac(known, resolved.value).update(Buffer.from(message, "base64")).digest("hex") };
};

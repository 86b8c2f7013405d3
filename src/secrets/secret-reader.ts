// Values of secrets: looked up each time, so that a rotated secret counts at once, without a restart.

import { join } from "node:path";
import { AppError } from "../core/app-error.ts";
import { readRegularFile, SecretFile } from "./secret-file.ts";
import { parseSecretReference, type SecretReference } from "./secret-reference.ts";

export interface SecretReaderOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Reads at most `maxBytes` and one more; absent: from the file system. */
  readonly readFile?: (path: string, maxBytes: number) => Promise<Uint8Array>;
  /** The value of a secret that the server keeps, for this pipeline. Absent: it keeps none. */
  readonly findStored?: (name: string, pipeline: string | null) => SecretResult;
  /** Told of each value that is not from there, with where it is from. */
  readonly onValue?: (reference: string, value: string) => void;
}

export type SecretResult =
  | { readonly ok: true; readonly value: string }
  /** `message` never holds any part of a secret. */
  | { readonly ok: false; readonly message: string };

export interface SecretReader {
  /**
   * The value of `env:NAME`, `file:/path`, `secret:NAME` or a literal, as it is for this pipeline (null: for none); not ok when
   * there is none or it is blank. Never rejects.
   */
  resolve(reference: string, pipeline: string | null): Promise<SecretResult>;
}

const maxFileBytes = 64 * 1024;

export function createSecretReader(options: SecretReaderOptions): SecretReader {
  const files = new Map<string, SecretFile>();
  const fileOptions = { maxBytes: maxFileBytes, now: options.now, readFile: options.readFile ?? readRegularFile };

  const readFile = async (path: string): Promise<SecretResult> => {
    const file = files.get(path) ?? new SecretFile(path, fileOptions);
    files.set(path, file);
    const result = await file.read();
    if (result.ok) return { ok: true, value: result.text };
    return { ok: false, message: `the secret's file ${JSON.stringify(path)} is of no use: ${result.problem}` };
  };

  const readOutside = async (reference: Exclude<SecretReference, { type: "stored" }>): Promise<SecretResult> => {
    switch (reference.type) {
      case "literal":
        return { ok: true, value: reference.value };
      case "env":
        return readEnv(options.env, reference.name);
      case "file":
        return await readFile(reference.path);
      case "credential": {
        const folder = readEnv(options.env, "CREDENTIALS_DIRECTORY");
        return folder.ok ? await readFile(join(folder.value, reference.name)) : folder;
      }
    }
  };

  return {
    async resolve(reference, pipeline) {
      const parsed = tryParse(reference);
      if (parsed instanceof AppError) return { ok: false, message: `${parsed.message}; ${parsed.hint ?? ""}` };
      if (parsed.type === "stored") return options.findStored?.(parsed.name, pipeline) ?? noneKept(parsed.name);
      const result = await readOutside(parsed);
      if (result.ok) options.onValue?.(reference, result.value);
      return result;
    },
  };
}

function tryParse(reference: string): SecretReference | AppError {
  try {
    return parseSecretReference(reference);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

function noneKept(name: string): SecretResult {
  return {
    ok: false,
    message: `the secret ${name} is kept by a server, and there is none here; use env:NAME or file:/path`,
  };
}

function readEnv(env: SecretReaderOptions["env"], name: string): SecretResult {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value === undefined) return { ok: false, message: `the environment variable ${name} is not set` };
  if (value.trim() === "") return { ok: false, message: `the environment variable ${name} is empty` };
  return { ok: true, value };
}

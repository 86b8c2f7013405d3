// The certificate and the key that the server speaks HTTPS with: read, checked, and read again when they are renewed.

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { AppError } from "../core/app-error.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../telemetry/telemetry.ts";

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** PEM. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
}

/** @throws {AppError} CONFIG_INVALID which file is wrong, and why. */
export async function loadTls({ certFile, keyFile }: TlsFiles, nowMs: number): Promise<TlsMaterial> {
  const cert = await readPem("certificate", certFile);
  const key = await readPem("private key", keyFile);
  const parsed = parseCertificate(cert, certFile);
  const notBefore = Date.parse(parsed.validFrom);
  const notAfter = Date.parse(parsed.validTo);
  if (nowMs > notAfter) throw unusable(certFile, `the certificate expired on ${parsed.validTo}`, "renew it");
  if (nowMs < notBefore)
    throw unusable(certFile, `the certificate is valid from ${parsed.validFrom}`, "is the clock right?");
  if (!parsed.checkPrivateKey(parseKey(key, keyFile))) {
    throw unusable(
      keyFile,
      `it is not the key of the certificate in ${certFile}`,
      "both files must come from the same request",
    );
  }
  return { cert, key };
}

async function readPem(what: string, file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: "it does not exist",
      EACCES: "this user may not read it",
      EISDIR: "it is a folder",
    };
    throw unusable(file, `cannot read the ${what}: ${reasons[code] ?? code}`);
  }
}

function parseCertificate(pem: string, file: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw unusable(file, "there is no certificate in it", 'it must begin with "-----BEGIN CERTIFICATE-----"');
  }
}

function parseKey(pem: string, file: string): KeyObject {
  if (/ENCRYPTED/.test(pem)) throw unusable(file, "the private key has a passphrase", "remove it with openssl pkey");
  try {
    return createPrivateKey(pem);
  } catch {
    throw unusable(file, "there is no private key in it", 'it must begin with "-----BEGIN PRIVATE KEY-----"');
  }
}

function unusable(file: string, reason: string, hint?: string): AppError {
  return new AppError(
    "CONFIG_INVALID",
    `cannot speak HTTPS with ${file}: ${reason}`,
    hint === undefined ? {} : { hint },
  );
}

export interface TlsWatchOptions {
  readonly files: TlsFiles;
  readonly clock: Clock;
  readonly logger: Pick<Logger, "info" | "warn"> | undefined;
  readonly onRenewed: (material: TlsMaterial) => void;
}

const lookEveryMs = 60_000;

/** Looks for renewed files; what is wrong with them leaves those in force that are. The returned function ends it. */
export async function watchTls({ files, clock, logger, onRenewed }: TlsWatchOptions): Promise<() => void> {
  let seen = await stampOf(files);
  let ended = false;
  let cancel = (): void => {};
  const look = async (): Promise<void> => {
    const stamp = await stampOf(files);
    if (ended || stamp === seen) return;
    seen = stamp;
    try {
      const material = await loadTls(files, clock.now());
      if (ended) return;
      onRenewed(material);
      logger?.info("the renewed certificate is in force", { file: files.certFile });
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      logger?.warn("the certificate was changed, and the one before stays in force", { reason });
    }
  };
  const schedule = (): void => {
    cancel = clock.after(lookEveryMs, () => void look().finally(() => (ended ? undefined : schedule())));
  };
  schedule();
  return () => {
    ended = true;
    cancel();
  };
}

/** Changes whenever either file does, also where the path is a link to another one since. */
async function stampOf({ certFile, keyFile }: TlsFiles): Promise<string> {
  const stamps = [certFile, keyFile].map(async (file) => {
    try {
      const { dev, ino, size, mtimeMs } = await stat(file);
      return [dev, ino, size, mtimeMs].join(" ");
    } catch {
      return "none";
    }
  });
  return (await Promise.all(stamps)).join("\n");
}

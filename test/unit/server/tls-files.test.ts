// A certificate's time, as far as the clock decides.

import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadTls } from "../../../src/server/tls-files.ts";
import { makeCertificate } from "../../fixtures/certificates/make-certificate.ts";

const folder = mkdtempSync(join(tmpdir(), "runner-tls-"));
afterAll(() => rmSync(folder, { recursive: true }));

const day = 24 * 60 * 60 * 1000;

test("an expired certificate, and one that is not valid yet, are refused with their dates", async () => {
  const files = makeCertificate(folder, "ci.example.org");
  expect((await loadTls(files, Date.now() + day)).cert).toContain("BEGIN CERTIFICATE");
  const refusalAt = async (nowMs: number): Promise<unknown> =>
    await loadTls(files, nowMs).catch((error: unknown) => error);
  const expired = await refusalAt(Date.now() + 31 * day);
  expect(expired).toMatchObject({ code: "CONFIG_INVALID" });
  expect(String(expired)).toMatch(/tls-cert\.pem: the certificate expired on .*GMT/);
  expect(String(await refusalAt(Date.now() - day))).toMatch(/tls-cert\.pem: the certificate is valid from .*GMT/);
});

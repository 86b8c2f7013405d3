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
  const expired = loadTls(files, Date.now() + 31 * day);
  await expect(expired).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  await expect(expired).rejects.toThrow(/tls-cert\.pem: the certificate expired on .*GMT/);
  await expect(loadTls(files, Date.now() - day)).rejects.toThrow(/tls-cert\.pem: the certificate is valid from .*GMT/);
});

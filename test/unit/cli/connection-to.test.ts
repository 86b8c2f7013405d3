// How commands reach a server: which certificate is trusted.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectionTo } from "../../../src/cli/connection-to.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runner-connection-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const pem = (content: string): string => `-----BEGIN CERTIFICATE-----\n${content}\n-----END CERTIFICATE-----`;

test("of a chain only the server's own certificate is trusted, not who signed it", async () => {
  const tlsCert = join(folder, "chain.pem");
  writeFileSync(tlsCert, `${pem("own")}\n${pem("authority")}\n`);
  const { options } = await connectionTo({ url: "https://127.0.0.1", token: null, tokenFrom: "note", tlsCert });
  expect(options.tls).toMatchObject({ ca: pem("own") });
});

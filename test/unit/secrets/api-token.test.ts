// The API token and its file.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../../src/core/app-error.ts";
import { loadApiToken } from "../../../src/secrets/secrets.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "api-token-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const random = (count: number): Uint8Array => crypto.getRandomValues(new Uint8Array(count));

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

async function refusal(path: string): Promise<AppError> {
  try {
    await loadApiToken(path, random);
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
  }
  throw new Error("it was accepted");
}

describe("loadApiToken()", () => {
  test("makes a token of 32 random bytes in a file that only its owner can read", async () => {
    const path = join(folder, "new");
    const token = await loadApiToken(path, (count) => new Uint8Array(count).fill(255));
    expect(token).toBe(Buffer.alloc(32, 255).toString("base64url"));
    expect(await readFile(path, "utf8")).toBe(`${token}\n`);
    expect(await modeOf(path)).toBe(0o600);
  });

  test("gives the same token again, and another in another file", async () => {
    const token = await loadApiToken(join(folder, "same"), random);
    expect(await loadApiToken(join(folder, "same"), random)).toBe(token);
    expect(await loadApiToken(join(folder, "other"), random)).not.toBe(token);
  });

  test("takes a token that somebody wrote, without the space around it, and closes the file to others", async () => {
    const path = join(folder, "written");
    await writeFile(path, "  chosen-by-the-operator \r\n", { mode: 0o644 });
    await chmod(path, 0o644);
    expect(await loadApiToken(path, random)).toBe("chosen-by-the-operator");
    expect(await modeOf(path)).toBe(0o600);
  });

  test.each(["", "\n", "short", "fifteen-letters"])(
    "refuses the token %j, says where, and leaves the file",
    async (content) => {
      const path = join(folder, `short-${content.length}`);
      await writeFile(path, content);
      const { code, message, hint } = await refusal(path);
      expect(code).toBe("CONFIG_INVALID");
      expect(message).toContain(path);
      expect(message).not.toContain("fifteen");
      expect(hint).toContain("remove the file");
      expect(await readFile(path, "utf8")).toBe(content);
    },
  );

  test("says what is wrong where the file cannot be made or read", async () => {
    const missing = join(folder, "no-folder", "token");
    const atMissing = await refusal(missing);
    expect([atMissing.code, atMissing.message]).toEqual(["CONFIG_INVALID", expect.stringContaining(missing)]);
    const directory = join(folder, "directory");
    await mkdir(directory);
    expect((await refusal(directory)).code).toBe("CONFIG_INVALID");
  });
});

// What seals the secrets that a server keeps.

import { describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { SecretBox } from "../../../src/secrets/secret-box.ts";
import { openSecretBox } from "../../../src/secrets/secrets.ts";

const random = (count: number): Uint8Array => crypto.getRandomValues(new Uint8Array(count));
const place = { pipeline: null, name: "API_KEY" };

describe("SecretBox", () => {
  test("opens what it has sealed, whatever the text", () => {
    const box = new SecretBox("a key of the test, long enough", random);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string(), fc.option(fc.string()), (value, name, pipeline) => {
        const at = { name, pipeline };
        expect(box.open(at, box.seal(at, value.toWellFormed()))).toBe(value.toWellFormed());
      }),
    );
  });

  test("holds nothing of the text, and is another one each time", () => {
    const box = new SecretBox("a key of the test, long enough", random);
    const [first, second] = [box.seal(place, "plain words"), box.seal(place, "plain words")];
    expect(Buffer.from(first).includes("plain")).toBe(false);
    expect(Buffer.from(first).equals(second)).toBe(false);
  });

  test("opens with no other key, at no other place, and after no change of a byte", () => {
    const box = new SecretBox("a key of the test, long enough", random);
    const sealed = box.seal(place, "value");
    const refusal = (open: () => string): unknown => {
      try {
        return open();
      } catch (thrown) {
        return (thrown as { code?: unknown }).code;
      }
    };
    expect(refusal(() => new SecretBox("another key", random).open(place, sealed))).toBe("SECRET_MISSING");
    expect(refusal(() => box.open({ ...place, pipeline: "mine" }, sealed))).toBe("SECRET_MISSING");
    expect(refusal(() => box.open({ ...place, name: "OTHER" }, sealed))).toBe("SECRET_MISSING");
    for (let index = 0; index < sealed.length; index++) {
      const changed = sealed.slice();
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(refusal(() => box.open(place, changed))).toBe("SECRET_MISSING");
    }
    expect(refusal(() => box.open(place, new Uint8Array()))).toBe("SECRET_MISSING");
  });
});

describe("openSecretBox()", () => {
  test("makes a key once, in a file that only its owner can read, and takes it again", async () => {
    const folder = await mkdtemp(join(tmpdir(), "secret-box-"));
    const path = join(folder, "secrets.key");
    const sealed = (await openSecretBox({ path, isGiven: false }, random)).seal(place, "value");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, "utf8")).toMatch(/^[\w-]{43}\n$/);
    expect((await openSecretBox({ path, isGiven: false }, random)).open(place, sealed)).toBe("value");
    await rm(folder, { recursive: true });
  });

  test("leaves a given file as it is, and refuses one that is too short without saying what is in it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "secret-box-"));
    const path = join(folder, "given");
    await writeFile(path, "the operator's key: at least 32 characters\n", { mode: 0o640 });
    await openSecretBox({ path, isGiven: true }, random);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    await writeFile(path, "hunter2");
    const refused = await openSecretBox({ path, isGiven: true }, random).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(refused).toMatchObject({ code: "CONFIG_INVALID", hint: expect.stringContaining("openssl rand") as string });
    expect(String(refused)).not.toContain("hunter2");
    await rm(folder, { recursive: true });
  });
});

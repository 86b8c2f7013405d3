import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { readRegularFile } from "../../../src/secrets/secret-file.ts";
import { createSecretReader, type SecretReader } from "../../../src/secrets/secrets.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "secrets-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function reader(env: Record<string, string | undefined> = {}): SecretReader {
  return createSecretReader({ env, now: Date.now });
}

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function resolveFile(path: string): Promise<string> {
  const result = await reader().resolve(`file:${path}`, "deploy");
  return result.ok ? `value ${JSON.stringify(result.value)}` : result.message;
}

describe("resolve() of a literal", () => {
  test("is the text itself, spaces included", async () => {
    expect(await reader().resolve(" my secret ", "deploy")).toEqual({ ok: true, value: " my secret " });
  });

  test.each(["", "  ", "\n"])("of nothing (%j) is not ok", async (text) => {
    expect(await reader().resolve(text, "deploy")).toMatchObject({ ok: false });
  });
});

describe("resolve() of env:NAME", () => {
  test("is the value of the variable", async () => {
    expect(await reader({ A_1: "v" }).resolve("env:A_1", "deploy")).toEqual({ ok: true, value: "v" });
  });

  test("is read each time, so that a change counts at once", async () => {
    const env: Record<string, string> = { A: "old" };
    const secrets = reader(env);
    await secrets.resolve("env:A", "deploy");
    env["A"] = "new";
    expect(await secrets.resolve("env:A", "deploy")).toEqual({ ok: true, value: "new" });
  });

  test.each([
    [{}, "the environment variable A is not set"],
    [{ A: undefined }, "the environment variable A is not set"],
    [{ A: "" }, "the environment variable A is empty"],
    [{ A: " \n" }, "the environment variable A is empty"],
  ])("of %j is not ok: %s", async (env, message) => {
    expect(await reader(env).resolve("env:A", "deploy")).toEqual({ ok: false, message });
  });

  test("does not find what only the prototype has", async () => {
    expect(await reader().resolve("env:constructor", "deploy")).toMatchObject({ ok: false });
  });
});

describe("resolve() of file:/path", () => {
  test.each([
    ["plain", "v", "v"],
    ["newline", "v\n", "v"],
    ["windows", "v\r\n", "v"],
    ["two newlines", "v\n\n", "v\n"],
    ["spaces kept", " v ", " v "],
    ["lines inside", "a\nb\n", "a\nb"],
    ["not ascii", "schlüssel", "schlüssel"],
  ])("%s: takes one newline from the end and nothing else", async (name, content, expected) => {
    expect(await resolveFile(await write(name, content))).toBe(`value ${JSON.stringify(expected)}`);
  });

  test("follows a symbolic link", async () => {
    await symlink(await write("target", "linked"), join(folder, "link"));
    expect(await resolveFile(join(folder, "link"))).toBe('value "linked"');
  });

  test("of exactly 64 KiB is ok; of one byte more is not", async () => {
    const most = "x".repeat(64 * 1024);
    expect(await resolveFile(await write("most", most))).toBe(`value ${JSON.stringify(most)}`);
    expect(await resolveFile(await write("more", `${most}x`))).toContain("larger than 65536 bytes");
  });

  test("names the file and says why it is of no use", async () => {
    expect(await resolveFile(join(folder, "absent"))).toContain("does not exist");
    expect(await resolveFile(join(folder, "absent"))).toContain(join(folder, "absent"));
    expect(await resolveFile(join(await write("plainfile", "v"), "below"))).toContain("does not exist");
    expect(await resolveFile(await write("empty", ""))).toContain("empty");
    expect(await resolveFile(await write("blank", " \r\n"))).toContain("empty");
    expect(await resolveFile(await write("binary", Uint8Array.of(0xff, 0xfe)))).toContain("not UTF-8");
    await mkdir(join(folder, "dir"), { recursive: true });
    expect(await resolveFile(join(folder, "dir"))).toContain("not a regular file");
    expect(await resolveFile("/dev/zero")).toContain("not a regular file");
    await symlink("circle", join(folder, "circle"));
    expect(await resolveFile(join(folder, "circle"))).toContain("circle");
  });

  test.each([
    ["EACCES", "the server is not allowed to read it"],
    ["EIO", "it cannot be read (EIO)"],
  ])("that fails with %s says so, without the message of the error", async (code, problem) => {
    // As root nothing is forbidden, so the failure is made here.
    const readFile = (): Promise<Uint8Array> => Promise.reject(Object.assign(new Error("foreign text"), { code }));
    const secrets = createSecretReader({ env: {}, now: Date.now, readFile });
    const path = await write("unreadable", "v");
    const message = `the secret's file ${JSON.stringify(path)} is of no use: ${problem}`;
    expect(await secrets.resolve(`file:${path}`, "deploy")).toEqual({ ok: false, message });
  });

  test("does not wait for a writer of a named pipe", async () => {
    const path = join(folder, "pipe");
    expect(Bun.spawnSync(["mkfifo", path]).exitCode).toBe(0);
    expect(await resolveFile(path)).toContain("not a regular file");
    expect(await readRegularFile(path, 10).catch(String)).toContain("not a regular file");
  });

  test.each(["file:", "file:relative", "file:./x", "file:~/x", "file:/a\0b"])(
    "%j is refused with a hint",
    async (text) => {
      const result = await reader().resolve(text, "deploy");
      expect(result).toMatchObject({ ok: false, message: expect.stringContaining("beginning with a slash") });
    },
  );
});

describe("rotation of file:/path", () => {
  const longAgo = new Date("2020-01-01T00:00:00Z");

  /** A reader that counts reads, on a clock an hour ahead, so that no stamp counts as fresh. */
  function countingReader(): { readonly secrets: SecretReader; readonly reads: () => number } {
    let reads = 0;
    const secrets = createSecretReader({
      env: {},
      now: () => Date.now() + 3_600_000,
      readFile: (path, maxBytes) => {
        reads += 1;
        return readRegularFile(path, maxBytes);
      },
    });
    return { secrets, reads: () => reads };
  }

  test("an unchanged file is read once", async () => {
    const path = await write("unchanged", "v");
    const { secrets, reads } = countingReader();
    for (let i = 0; i < 5; i++)
      expect(await secrets.resolve(`file:${path}`, "deploy")).toEqual({ ok: true, value: "v" });
    expect(reads()).toBe(1);
  });

  test("a file written over in place, replaced, or removed counts at once", async () => {
    const path = await write("rotated", "one");
    const { secrets } = countingReader();
    const value = async (): Promise<unknown> => {
      const result = await secrets.resolve(`file:${path}`, "deploy");
      return result.ok ? result.value : undefined;
    };
    expect(await value()).toBe("one");
    await Bun.sleep(20);
    await writeFile(path, "two");
    expect(await value()).toBe("two");
    await rename(await write("rotated.new", "six"), path);
    expect(await value()).toBe("six");
    await rm(path);
    expect(await value()).toBeUndefined();
    await write("rotated", "ten");
    expect(await value()).toBe("ten");
  });

  test("a new content of the same size with the old modification time counts", async () => {
    const path = await write("same-stamp", "one");
    await utimes(path, longAgo, longAgo);
    const { secrets } = countingReader();
    await secrets.resolve(`file:${path}`, "deploy");
    await Bun.sleep(20);
    await writeFile(path, "two");
    await utimes(path, longAgo, longAgo);
    expect(await secrets.resolve(`file:${path}`, "deploy")).toEqual({ ok: true, value: "two" });
  });

  test("a file changed a moment ago is not trusted to keep its stamp", async () => {
    const path = await write("fresh", "v");
    let reads = 0;
    const readFile = (file: string, maxBytes: number): Promise<Uint8Array> => {
      reads += 1;
      return readRegularFile(file, maxBytes);
    };
    const secrets = createSecretReader({ env: {}, now: Date.now, readFile });
    await secrets.resolve(`file:${path}`, "deploy");
    await secrets.resolve(`file:${path}`, "deploy");
    expect(reads).toBe(2);
  });
});

describe("resolve() of secret:NAME", () => {
  test("is what the server keeps for the pipeline, and is not told anybody again", async () => {
    const told: string[] = [];
    const secrets = createSecretReader({
      env: {},
      now: Date.now,
      findStored: (name, pipeline) => ({ ok: true, value: `${name} of ${pipeline}` }),
      onValue: (reference) => told.push(reference),
    });
    expect(await secrets.resolve("secret:KEY", "deploy")).toEqual({ ok: true, value: "KEY of deploy" });
    expect(told).toEqual([]);
  });

  test("is not ok where nobody keeps secrets", async () => {
    expect(await reader().resolve("secret:KEY", "deploy")).toMatchObject({ ok: false });
  });
});

describe("resolve() of a credential of systemd", () => {
  test("is the file in the folder that CREDENTIALS_DIRECTORY names", async () => {
    await write("credential", "from systemd\n");
    const reference = "file:$CREDENTIALS_DIRECTORY/credential";
    expect(await reader({ CREDENTIALS_DIRECTORY: folder }).resolve(reference, "deploy")).toEqual({
      ok: true,
      value: "from systemd",
    });
    const none = await reader().resolve(reference, "deploy");
    expect(none).toEqual({ ok: false, message: "the environment variable CREDENTIALS_DIRECTORY is not set" });
  });
});

test("each value is told with where it is from, so that it can be masked", async () => {
  const told: [string, string][] = [];
  const secrets = createSecretReader({
    env: { A: "of A" },
    now: Date.now,
    onValue: (reference, value) => told.push([reference, value]),
  });
  const path = await write("told", "of a file");
  for (const reference of ["env:A", "env:NONE", `file:${path}`, "literal"]) await secrets.resolve(reference, "deploy");
  expect(told).toEqual([
    ["env:A", "of A"],
    [`file:${path}`, "of a file"],
    ["literal", "literal"],
  ]);
});

test("no message ever holds the text of a reference that is not one", async () => {
  const secret = fc.string({ minLength: 6, unit: fc.constantFrom("q", "Z", "7", "-", "é") });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom("env:-", "file:", "env: ", "secret:-"), secret, async (start, text) => {
      const result = await reader().resolve(start + text, "deploy");
      return !result.ok && !result.message.includes(text);
    }),
  );
});

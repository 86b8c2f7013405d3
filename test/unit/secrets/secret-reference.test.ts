import { describe, expect, test } from "bun:test";
import { maskSecret, parseSecretReference } from "../../../src/secrets/secrets.ts";

describe("parseSecretReference()", () => {
  test("tells variables, files and literals apart", () => {
    expect(parseSecretReference("env:GITHUB_SECRET")).toEqual({ type: "env", name: "GITHUB_SECRET" });
    expect(parseSecretReference("file:/run/secrets/a b")).toEqual({ type: "file", path: "/run/secrets/a b" });
    expect(parseSecretReference("secret:API.KEY-1")).toEqual({ type: "stored", name: "API.KEY-1" });
    expect(parseSecretReference("file:$CREDENTIALS_DIRECTORY/key")).toEqual({ type: "credential", name: "key" });
    expect(parseSecretReference("Env:X")).toEqual({ type: "literal", value: "Env:X" });
    expect(parseSecretReference("a:file:/x")).toEqual({ type: "literal", value: "a:file:/x" });
  });

  test.each([
    "",
    " ",
    "env:",
    "env:1A",
    "env:A B",
    "env:A=B",
    "file:",
    "file:a/b",
    "file:$CREDENTIALS_DIRECTORY/a/b",
    "file:$CREDENTIALS_DIRECTORY/..",
    "secret:",
    "secret:a b",
  ])("refuses %j", (text) => {
    expect(() => parseSecretReference(text)).toThrow();
  });
});

describe("maskSecret()", () => {
  test("prints where a secret is kept", () => {
    expect(maskSecret("env:A")).toBe("env:A");
    expect(maskSecret("file:/a")).toBe("file:/a");
    expect(maskSecret("secret:A")).toBe("secret:A");
  });

  test("prints neither a literal nor its length, also where it only looks like a reference", () => {
    for (const secret of ["x", "a much longer secret", "env:not a name", "file:relative"]) {
      expect(maskSecret(secret)).toBe("********");
    }
  });

  test("prints nothing for nothing", () => {
    expect(maskSecret("")).toBe("");
  });
});

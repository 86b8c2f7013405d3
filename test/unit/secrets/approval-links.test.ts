import { describe, expect, test } from "bun:test";
import { ApprovalLinks } from "../../../src/secrets/secrets.ts";

const call = { runId: "019c11a5-5a05-7000-8c3e-2f6f3f8d5a01", number: 3, expiresAt: 1_700_000_000_999 };
const links = new ApprovalLinks("the server's token", "https://box.example.org/runner/");

function codeOf(made: ApprovalLinks): string {
  return made.make(call)?.split("/").at(-1) ?? "";
}

describe("ApprovalLinks", () => {
  test("makes an address below the public one, and none where that is not known", () => {
    expect(links.make(call)).toMatch(/^https:\/\/box\.example\.org\/runner\/approve\/[\w.-]+$/);
    expect(new ApprovalLinks("the server's token", null).make(call)).toBeNull();
  });

  test("reads what it made, to the second, also where it would make no links now", () => {
    const read = { ...call, expiresAt: 1_700_000_000_000 };
    expect(links.parse(codeOf(links))).toEqual(read);
    expect(new ApprovalLinks("the server's token", null).parse(codeOf(links))).toEqual(read);
  });

  test("reads nothing that another token has signed", () => {
    expect(new ApprovalLinks("another token", null).parse(codeOf(links))).toBeNull();
  });

  test("reads nothing of which any character was changed", () => {
    const code = codeOf(links);
    for (let index = 0; index < code.length; index++) {
      const changed = code.slice(0, index) + (code[index] === "1" ? "2" : "1") + code.slice(index + 1);
      expect([index, links.parse(changed)]).toEqual([index, null]);
    }
  });

  test.each(["", ".", "...", "a.1.2", "x".repeat(100_000), `${"a".repeat(64)}.1.1.${"A".repeat(43)}`])(
    "reads nothing of %p",
    (code) => expect(links.parse(code)).toBeNull(),
  );
});

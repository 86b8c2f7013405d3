// A secret that is typed: shown to nobody, with the keys that mend and end it.

import { describe, expect, test } from "bun:test";
import { promptSecret } from "../../../src/cli/prompt-secret.ts";
import type { OutputStream } from "../../../src/cli/terminal.ts";

class Bench {
  written = "";
  readonly modes: boolean[] = [];

  async type(...pieces: readonly string[]): Promise<string> {
    const err = { write: async (text: string) => void (this.written += text) } as unknown as OutputStream;
    const modes = this.modes;
    const input = {
      setRawMode: (isRaw: boolean) => modes.push(isRaw),
      async *[Symbol.asyncIterator]() {
        yield* pieces.map((piece) => Buffer.from(piece));
      },
    };
    return await promptSecret(input, err, "value: ").catch((thrown: unknown) => String((thrown as Error).message));
  }
}

describe("promptSecret()", () => {
  test("takes what is typed up to Enter, whole or key by key, and shows the question alone", async () => {
    const bench = new Bench();
    expect(await bench.type("s", "3c", "rét ✓", "\r", "more")).toBe("s3crét ✓");
    expect([bench.written, bench.modes]).toEqual(["value: \n", [true, false]]);
  });

  test("takes back the last character", async () => {
    expect(await new Bench().type("abc\u007F\u007Fd\b\be\n")).toBe("e");
    expect(await new Bench().type("\u007Fx\n")).toBe("x");
  });

  test.each(["\u0003", "\u0004", ""])("gives nothing after %j, and lets the terminal show again", async (end) => {
    const bench = new Bench();
    expect(await bench.type("half", end)).toBe("no secret was given, and nothing has changed");
    expect(bench.modes).toEqual([true, false]);
  });
});

// The sandbox process's two pipes, with a real process at the other end.

import { describe, expect, test } from "bun:test";
import { closeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createLineSplitter } from "../../../src/sandbox/channel/line-splitter.ts";

const programPath = fileURLToPath(new URL("programs/echo-lines.ts", import.meta.url));

class Peer {
  readonly process = Bun.spawn([process.execPath, programPath], {
    stdio: ["ignore", "pipe", "inherit", "pipe", "pipe"],
  });
  readonly #waiting: ((line: string) => void)[] = [];
  readonly #sink = Bun.file(this.process.stdio[4] as number).writer();
  readonly reading: Promise<void> = this.#read();

  /** Sends the text in chunks of the given length, and waits for the answer. */
  async ask(request: { readonly length: number; readonly text: string }, chunkLength = Infinity): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#waiting.push(resolve);
    const bytes = Buffer.from(`${JSON.stringify(request)}\n`);
    for (let start = 0; start < bytes.length; start += chunkLength) {
      await this.#sink.write(bytes.subarray(start, start + chunkLength));
      await this.#sink.flush();
    }
    return JSON.parse(await promise);
  }

  async end(): Promise<string> {
    await this.#sink.end();
    // Bun leaves the descriptors of further pipes to whoever asked for them.
    closeSync(this.process.stdio[4] as number);
    const said = await new Response(this.process.stdout).text();
    await this.process.exited;
    await this.reading;
    closeSync(this.process.stdio[3] as number);
    return said;
  }

  async #read(): Promise<void> {
    const split = createLineSplitter((line) => this.#waiting.shift()?.(line));
    for await (const chunk of Bun.file(this.process.stdio[3] as number).stream()) split(chunk);
  }
}

describe("the pipes", () => {
  test("carry messages of any length whole in both directions, and say when the other end is closed", async () => {
    const peer = new Peer();
    // 64 KiB is what a pipe holds and what is read at once: lengths around it must not differ.
    for (const length of [0, 1, 65_534, 65_535, 65_536, 65_537, 200_000, 1_000_000]) {
      const text = "x€".repeat(length / 4);
      const answer = (await peer.ask({ length, text })) as { received: string; text: string };
      expect(answer.received).toBe(Bun.hash(text).toString(36));
      expect(answer.text).toBe("é".repeat(length));
    }
    const text = "\n".repeat(500);
    const answer = await peer.ask({ length: 3, text }, 7);
    expect(answer).toEqual({ received: Bun.hash(text).toString(36), text: "ééé" });
    expect(await peer.end()).toContain("the control process closed the answering pipe");
  });
});

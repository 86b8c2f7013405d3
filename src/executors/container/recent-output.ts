// The last of what a step wrote: the engine's command says there why it failed.

import { Buffer } from "node:buffer";
import type { OutputStream, StepListener, StepOutput } from "../executor.ts";

const keptBytes = 4096;

export class RecentOutput {
  readonly #kept: Record<OutputStream, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };

  /** Looks at each piece on its way. */
  watch(onOutput: StepListener["onOutput"]): StepListener["onOutput"] {
    return (output) => {
      this.#keep(output);
      return onOutput(output);
    };
  }

  /** The last lines of one stream that are not blank. */
  lines(stream: OutputStream): readonly string[] {
    const lines = this.#kept[stream].toString().split("\n");
    return lines.map((line) => line.trim()).filter((line) => line !== "");
  }

  #keep({ stream, bytes }: StepOutput): void {
    const all = Buffer.concat([this.#kept[stream], bytes.subarray(-keptBytes)]);
    this.#kept[stream] = Buffer.from(all.subarray(-keptBytes));
  }
}

// Answers lines over the two pipes of a sandbox process: for each length read, a message with a text of that length.

import { readAnswerLine, writeLine } from "../../../../src/sandbox/channel/blocking-pipe.ts";

for (;;) {
  let request: { readonly length: number; readonly text: string };
  try {
    request = JSON.parse(readAnswerLine()) as typeof request;
  } catch (thrown) {
    process.stdout.write(String(thrown));
    break;
  }
  writeLine({ received: Bun.hash(request.text).toString(36), text: "é".repeat(request.length) });
}

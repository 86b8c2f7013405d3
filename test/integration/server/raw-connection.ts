// A TCP connection that sends exactly the bytes a test writes.

import { connect, type Socket } from "node:net";

export interface RawConnection {
  readonly socket: Socket;
  /** Newlines become CR LF. */
  send(text: string): void;
  /** All bytes so far, as latin-1. */
  readonly received: () => string;
  readonly isClosed: () => boolean;
  /** Resolves once the received text fits; throws after `timeoutMs`. */
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** Resolves with everything received once the server closed. */
  waitForClose(timeoutMs?: number): Promise<string>;
}

export async function openRaw(port: number): Promise<RawConnection> {
  const socket = connect(port, "127.0.0.1");
  let received = "";
  let closed = false;
  socket.on("data", (data) => (received += data.toString("latin1")));
  socket.on("close", () => (closed = true));
  socket.on("error", () => {});
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  const until = async (what: string, isDone: () => boolean, timeoutMs: number): Promise<string> => {
    const deadline = Date.now() + timeoutMs;
    while (!isDone()) {
      if (Date.now() > deadline)
        throw new Error(`no ${what} within ${timeoutMs} ms; received: ${received.slice(0, 500)}`);
      await Bun.sleep(5);
    }
    return received;
  };
  return {
    socket,
    send: (text) => void socket.write(text.replaceAll("\r\n", "\n").replaceAll("\n", "\r\n"), "latin1"),
    received: () => received,
    isClosed: () => closed,
    waitFor: (pattern, timeoutMs = 10_000) => until(String(pattern), () => pattern.test(received), timeoutMs),
    waitForClose: (timeoutMs = 10_000) => until("close", () => closed, timeoutMs),
  };
}

/** Sends one request on a connection of its own and resolves with what came until the server closed or fell silent. */
export async function exchange(port: number, text: string): Promise<string> {
  const raw = await openRaw(port);
  raw.send(text);
  try {
    return await raw.waitFor(/\r\n\r\n/);
  } finally {
    raw.socket.destroy();
  }
}

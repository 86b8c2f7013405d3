// One keep-alive HTTP/1.1 connection over a raw socket: one request at a time, nothing between the bytes and the clock.

const headersEnd = Buffer.from("\r\n\r\n");

interface Pending {
  readonly resolve: (status: number) => void;
  readonly reject: (error: Error) => void;
}

/** Length of the whole response in `bytes`, or null while it is not complete. */
function responseLength(bytes: Buffer): number | null {
  const end = bytes.indexOf(headersEnd);
  if (end === -1) return null;
  const head = bytes.toString("latin1", 0, end).toLowerCase();
  const bodyStart = end + headersEnd.length;
  const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
  if (length !== undefined) {
    const total = bodyStart + Number(length);
    return bytes.length >= total ? total : null;
  }
  if (!/\r\ntransfer-encoding: *chunked/.test(head)) return bodyStart;
  const last = bytes.indexOf("0\r\n\r\n", bodyStart);
  return last === -1 ? null : last + 5;
}

export interface HttpConnection {
  /** Sends a complete request; resolves with the status of its complete response. */
  send(request: string | Uint8Array): Promise<number>;
  close(): void;
}

export async function openHttpConnection(port: number): Promise<HttpConnection> {
  let received: Buffer = Buffer.alloc(0);
  let unsent: Uint8Array = Buffer.alloc(0);
  let pending: Pending | null = null;
  const fail = (message: string) => {
    pending?.reject(new Error(message));
    pending = null;
  };
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, chunk) {
        received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
        const length = responseLength(received);
        if (length === null || pending === null) return;
        const status = Number(received.toString("latin1", 9, 12));
        received = received.subarray(length);
        const { resolve } = pending;
        pending = null;
        resolve(status);
      },
      drain(self) {
        unsent = unsent.subarray(self.write(unsent));
      },
      close: () => fail("the server closed the connection"),
      error: (_, error) => fail(error.message),
    },
  });
  socket.setNoDelay(true);
  return {
    send: (request) =>
      new Promise<number>((resolve, reject) => {
        pending = { resolve, reject };
        const bytes = typeof request === "string" ? Buffer.from(request) : request;
        unsent = bytes.subarray(socket.write(bytes));
      }),
    close: () => void socket.end(),
  };
}

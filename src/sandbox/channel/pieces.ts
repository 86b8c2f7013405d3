// Messages over an IPC channel that has no back-pressure: in pieces, with a window of unacknowledged bytes.

/** The longest text one IPC message carries, in UTF-16 units. */
const pieceLength = 60_000;
/** How much may be under way before the receiver has said that it handled some of it. */
const windowLength = 256 * 1024;

/** A piece of a message; `more` is 1 while others of the same message follow. */
export type Piece = readonly [more: 0 | 1, text: string];

export class PieceSender {
  readonly #send: (piece: Piece) => void;
  readonly #waiting: Piece[] = [];
  #unacknowledged = 0;

  /** `send` must not be given more than the window allows; it may throw when the receiver is gone. */
  constructor(send: (piece: Piece) => void) {
    this.#send = send;
  }

  /** Bytes under way: 0 when the receiver has handled everything. */
  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  send(message: unknown): void {
    const text = JSON.stringify(message);
    for (let start = 0; start < text.length; start += pieceLength) {
      const end = start + pieceLength;
      this.#waiting.push([end < text.length ? 1 : 0, text.slice(start, end)]);
    }
    this.#flush();
  }

  acknowledge(length: number): void {
    this.#unacknowledged -= length;
    this.#flush();
  }

  #flush(): void {
    for (;;) {
      const piece = this.#waiting[0];
      if (piece === undefined || this.#unacknowledged + piece[1].length > windowLength) return;
      this.#waiting.shift();
      this.#unacknowledged += piece[1].length;
      this.#send(piece);
    }
  }
}

/** Puts pieces together again; calls back with each whole message. */
export function createPieceReceiver<T>(onMessage: (message: T) => void): (piece: Piece) => void {
  let parts: string[] = [];
  return ([more, text]) => {
    parts.push(text);
    if (more) return;
    const whole = parts.length === 1 ? text : parts.join("");
    parts = [];
    onMessage(JSON.parse(whole) as T);
  };
}

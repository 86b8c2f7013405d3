// The control process's end of the store's worker: one request at a time, each answered or failed, also when it dies.

import { AppError } from "../../core/app-error.ts";
import { unpackError } from "./sqlite-error.ts";
import type { WorkerReply, WorkerRequest } from "./worker-messages.ts";

export class WriterLink {
  readonly #worker: Worker;
  readonly #path: string;
  #waiting: PromiseWithResolvers<WorkerReply> | undefined;
  #dead: AppError | undefined;

  constructor(worker: Worker, path: string) {
    this.#worker = worker;
    this.#path = path;
    // Put off, since Bun takes no further message of a worker before the handler of the last one, with all that
    // continues from it, is done: who waits there without returning to the event loop would wait for ever.
    worker.onmessage = ({ data }: MessageEvent<WorkerReply>) => void setImmediate(() => this.#settle(data));
    worker.addEventListener("messageerror", () => this.#die("it sent something unreadable"));
    worker.addEventListener("error", (event) => this.#die((event as ErrorEvent).message));
    worker.addEventListener("close", () => this.#die("it ended"));
  }

  /**
   * Sends the request and waits for its reply; not to be called again before.
   * @throws {AppError} what the worker reports, or STORE_UNAVAILABLE once it is dead.
   */
  async ask(request: WorkerRequest, transfer: ArrayBuffer[] = []): Promise<WorkerReply> {
    if (this.#dead) throw this.#dead;
    this.#waiting = Promise.withResolvers<WorkerReply>();
    const { promise } = this.#waiting;
    this.#worker.postMessage(request, transfer);
    const reply = await promise;
    if (reply.type === "failed") throw unpackError(reply.error);
    return reply;
  }

  end(): void {
    this.#worker.terminate();
  }

  #settle(reply: WorkerReply): void {
    this.#waiting?.resolve(reply);
    this.#waiting = undefined;
  }

  #die(reason: string): void {
    this.#dead ??= new AppError("STORE_UNAVAILABLE", `the writer of the database ${this.#path} died: ${reason}`, {
      hint: "restart runner; whatever was acknowledged is on disk",
      details: { path: this.#path },
    });
    this.#waiting?.reject(this.#dead);
    this.#waiting = undefined;
  }
}

// The read-only connection of the control process: short reads in the calling thread, which never wait for writes.

import { Database, type SQLQueryBindings, type Statement } from "bun:sqlite";
import { AppError } from "../../core/app-error.ts";
import { applyPragmas, readerPragmas } from "./pragmas.ts";
import { toStoreError } from "./sqlite-error.ts";

export class ReadConnection {
  readonly #db: Database;
  readonly #path: string;
  readonly #statements = new Map<string, Statement>();
  #open = true;

  /** @param open how the file is opened; else so that others may write to it meanwhile. */
  constructor(path: string, open: () => Database = () => new Database(path, { readonly: true })) {
    this.#path = path;
    this.#db = open();
    applyPragmas(this.#db, path, readerPragmas);
  }

  /** The rows, as objects of their columns. @throws {AppError} STORE_UNAVAILABLE. */
  all<Row>(sql: string, ...binds: SQLQueryBindings[]): readonly Row[] {
    return this.#read(() => this.#prepare(sql).all(...binds) as Row[]);
  }

  /** The first row. @throws {AppError} STORE_UNAVAILABLE. */
  get<Row>(sql: string, ...binds: SQLQueryBindings[]): Row | undefined {
    return this.#read(() => (this.#prepare(sql).get(...binds) as Row | null) ?? undefined);
  }

  /** Several reads that see the same moment; the action must not wait. */
  snapshot<T>(action: () => T): T {
    if (this.#db.inTransaction) return action();
    return this.#read(() => {
      this.#prepare("BEGIN").run();
      try {
        return action();
      } finally {
        this.#prepare("COMMIT").run();
      }
    });
  }

  close(): void {
    this.#open = false;
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
    this.#db.close();
  }

  #prepare(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#db.prepare(sql)));
    return statement;
  }

  #read<T>(action: () => T): T {
    if (!this.#open) throw new AppError("STORE_UNAVAILABLE", `cannot read ${this.#path}: the store is closed`);
    try {
      return action();
    } catch (error) {
      const storeError = toStoreError(error, `cannot read ${this.#path}`);
      if (storeError.class.retryable) this.#forgetPages();
      throw storeError;
    }
  }

  /** What was read wrongly must not be remembered when the disk is well again. */
  #forgetPages(): void {
    try {
      this.#db.run("PRAGMA shrink_memory");
    } catch {
      // The trouble itself is told already.
    }
  }
}

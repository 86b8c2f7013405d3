// `validation.started`, `completed` and `failed`: a file that was sent, to be put in force or only to be looked at.

import { toAppError } from "../../core/app-error.ts";
import type { EventData } from "../../core/event.ts";
import type { Problem } from "../../pipelines/pipelines.ts";
import type { Store, Write } from "../../store/store.ts";
import type { Redactor } from "../../telemetry/telemetry.ts";
import { cutText, newEvent, problemsToData } from "./new-event.ts";

export interface ValidationParts {
  readonly store: Pick<Store, "commit">;
  readonly redactor: Pick<Redactor, "json">;
  readonly now: () => number;
}

export interface ValidatedFile {
  readonly pipeline: string;
  readonly file: string;
  readonly purpose: "upload" | "check";
}

export class ValidationEvents {
  readonly #parts: ValidationParts;
  readonly #of: ValidatedFile;
  #isOver = false;

  private constructor(parts: ValidationParts, of: ValidatedFile) {
    this.#parts = parts;
    this.#of = of;
  }

  /** @throws {AppError} STORE_UNAVAILABLE. */
  static async begin(parts: ValidationParts, of: ValidatedFile): Promise<ValidationEvents> {
    const events = new ValidationEvents(parts, of);
    await parts.store.commit([events.#write("validation.started", {})]);
    return events;
  }

  /** For the commit that puts the file in force, or one of its own. */
  completed(problems: readonly Problem[]): Write {
    this.#isOver = true;
    return this.#write("validation.completed", { problems: problemsToData(problems) });
  }

  async failed(problems: readonly Problem[], message: string): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    const data = { message: cutText(message), problems: problemsToData(problems) };
    await this.#parts.store.commit([this.#write("validation.failed", data)]);
  }

  /** That it failed by this error, as far as that can be recorded: the error is what its sender is told. */
  async failedBy(thrown: unknown): Promise<void> {
    const { message, details } = toAppError(thrown);
    const problems = (details["problems"] ?? []) as readonly Problem[];
    await this.failed(problems, message).catch(() => undefined);
  }

  #write(type: `validation.${string}`, more: EventData): Write {
    const { redactor, now } = this.#parts;
    const { pipeline, file, purpose } = this.#of;
    const event = newEvent(type, now(), pipeline, redactor.json({ pipeline, file, purpose, ...more }));
    return { type: "event.put", event };
  }
}

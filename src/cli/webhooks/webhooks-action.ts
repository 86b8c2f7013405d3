// One of the things that `runner webhooks` does.

import { AppError } from "../../core/app-error.ts";
import type { CommandContext } from "../command-context.ts";
import { printable } from "../printable.ts";
import type { DeliveryFlags } from "./delivery-flags.ts";
import type { WebhooksFlags } from "./endpoint-flags.ts";

export interface DeliveryRequest {
  /** Of an endpoint, or the name of a target. */
  readonly id: string | undefined;
  readonly value: string | undefined;
  readonly flags: DeliveryFlags;
  readonly context: CommandContext;
}

export interface WebhooksRequest extends DeliveryRequest {
  readonly flags: WebhooksFlags;
}

/** Resolves with the exit code. */
export type WebhooksAction = (request: WebhooksRequest) => Promise<number>;

/** One that targets have too. */
export type DeliveryAction = (request: DeliveryRequest) => Promise<number>;

/** @param usage behind `runner`. @throws {AppError} USAGE where it was not given. */
export function required(value: string | undefined, what: string, usage: string): string {
  if (value !== undefined && value !== "") return value;
  throw new AppError("USAGE", `${what} is missing`, { hint: `runner ${usage}` });
}

/** One line of JSON where that was asked for, else what people read. */
export async function print(
  { flags, context }: DeliveryRequest,
  json: unknown,
  lines: () => readonly string[],
): Promise<void> {
  await context.terminal.out.line(flags.json ? JSON.stringify(json) : lines().join("\n"));
}

export async function warn(
  { context }: WebhooksRequest,
  warnings: readonly { readonly message: string }[],
): Promise<void> {
  const { err } = context.terminal;
  for (const { message } of warnings) await err.line(`${err.paint("yellow", "warning:")} ${printable(message)}`);
}

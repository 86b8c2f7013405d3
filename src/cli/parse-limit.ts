// How many entries of a list are asked for.

import { InvalidArgumentError } from "commander";

/** @throws {InvalidArgumentError} when it is more than the server gives at once. */
export function parseLimit(text: string): number {
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= 500) return limit;
  throw new InvalidArgumentError("It is not a whole number from 1 to 500.");
}

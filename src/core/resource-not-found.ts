// What is said of a resource that a pipeline does not have: by the server where it is asked to check one, by the command
// where it shows one of those that the server lists.

import { AppError } from "./app-error.ts";
import { didYouMean } from "./did-you-mean.ts";

/** RESOURCE_NOT_FOUND; `known` are those that there are. */
export function resourceNotFound(
  pipeline: string,
  name: string,
  known: readonly { readonly name: string }[],
): AppError {
  const names = known.map((each) => each.name);
  const near = didYouMean(name, names);
  const has = names.length === 0 ? "it has none" : `it has: ${names.slice(0, 20).join(", ")}`;
  return new AppError(
    "RESOURCE_NOT_FOUND",
    `pipeline ${JSON.stringify(pipeline)} has no resource ${JSON.stringify(name)}`,
    { hint: near === undefined ? has : `did you mean ${JSON.stringify(near)}?` },
  );
}

// The answer to a method that a known resource does not have (RFC 9110 §15.5.6).

import { AppError } from "../core/app-error.ts";
import { problemResponse } from "./problem.ts";

export function methodNotAllowed(request: Request, allow: string): Response {
  const error = new AppError("METHOD_NOT_ALLOWED", `${request.method} is not a method of this resource`, {
    hint: `it has ${allow}`,
  });
  return problemResponse(error, { allow });
}

// What is said of endpoints that are not there, or cannot be what is asked for.

import { AppError } from "../../core/app-error.ts";

export function endpointNotFound(id: string): AppError {
  return new AppError("ENDPOINT_NOT_FOUND", `there is no endpoint ${JSON.stringify(id.slice(0, 100))}`, {
    hint: "`runner webhooks list` lists them",
  });
}

export function endpointGone(id: string): AppError {
  return new AppError(
    "ENDPOINT_GONE",
    `the endpoint ${id} was removed, and what was still to be sent to it is not sent`,
    {
      hint: "`runner webhooks list` lists those there are",
    },
  );
}

export function endpointDeclared(id: string): AppError {
  return new AppError("ENDPOINT_DECLARED", `the endpoint ${id} is declared in runner.toml and changed only there`, {
    hint: "change its [[webhooks]] table, which a running server takes over; what the server has disabled is enabled here",
  });
}

export function endpointSealed(id: string): AppError {
  return new AppError("SECRET_MISSING", `the secret of the endpoint ${id} does not open with the server's key`, {
    hint: "bring back the key file it was made with, or remove the endpoint and make it again",
  });
}

// Which recorded requests may be sent once more.

import { AppError } from "../core/app-error.ts";
import type { KeptRequest } from "../store/store.ts";

/** @throws {AppError} REQUEST_CUT; REQUEST_NOT_VERIFIED without `force`. */
export function checkRedelivery(
  { id, request, bodyBytes, isCut, verified, reason }: KeptRequest,
  force: boolean,
): void {
  if (isCut) {
    const sizes = `${request.body.length} of ${bodyBytes} bytes`;
    throw new AppError("REQUEST_CUT", `request ${id} cannot be sent again: ${sizes} of its body were kept`, {
      hint: "let its sender send it again: of what begins no run only the beginning is kept",
    });
  }
  if (verified || force) return;
  throw new AppError(
    "REQUEST_NOT_VERIFIED",
    `request ${id} was refused (${reason ?? "unknown"}), so nobody knows whether its sender is who it says`,
    { hint: `if you know, begin a run with it all the same: runner redeliver ${id} --force` },
  );
}

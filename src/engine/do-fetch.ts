// `fetch` of a script.

import { AppError } from "../core/app-error.ts";
import type { Work } from "./work-call.ts";

export const doFetch: Work = async () => {
  throw new AppError("UNSUPPORTED", "fetch: not built yet");
};

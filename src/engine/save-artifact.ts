// `artifacts` of a script.

import { AppError } from "../core/app-error.ts";
import type { Work } from "./work-call.ts";

export const saveArtifact: Work = async () => {
  throw new AppError("UNSUPPORTED", "artifacts: not built yet");
};

// `volumes` of a script.

import { AppError } from "../core/app-error.ts";
import type { Work } from "./work-call.ts";

export const doVolumeCall: Work = async () => {
  throw new AppError("UNSUPPORTED", "volumes: not built yet");
};

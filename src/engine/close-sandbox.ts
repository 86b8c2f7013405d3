// `close` of a container that was kept open.

import type { Work } from "./work-call.ts";

export const closeSandbox: Work = async (args, { parts, run }) => {
  await parts.executor.closeSandbox(run.id, (args as { readonly sandbox: string }).sandbox);
  return { value: null };
};

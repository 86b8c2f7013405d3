// What an uptime monitor asks: answers 200 while the disk has room, 503 once it is nearly full.
//
//   curl -i http://127.0.0.1:8080/api/webhooks/uptime
//   runner trigger uptime --param path=/srv --param limit=80

import { shell } from "./lib/shell.ts";

export const config = {
  params: {
    path: { type: "string", default: "/", description: "a folder on the disk to look at" },
    limit: { type: "number", default: 90, description: "percent in use from which on the disk counts as full" },
  },
  timeout: "30s",
};

export const pipeline = async () => {
  const { path, limit } = pipelineContext.params;
  const [table, uptime] = await Promise.all([
    shell("disk", 'df -P "$FOLDER"', { FOLDER: path }), // both steps run at the same time
    shell("uptime", "cut -d. -f1 /proc/uptime"),
  ]);
  const used = Number(/(\d+)%/.exec(table)?.[1]);
  const state = { ok: used < limit, disk: { path, used, limit }, upSeconds: Number(uptime) };

  http.respond({
    status: state.ok ? 200 : 503,
    body: JSON.stringify(state),
    headers: { "content-type": "application/json" },
  });

  // Said once when it changes, not at every look.
  const before = storage.get("ok") ?? true;
  if (before !== state.ok) {
    await storage.set("ok", state.ok);
    console.warn(state.ok ? `${path} has room: ${used} % used` : `${path} is nearly full: ${used} % used`);
  }
  if (!state.ok) throw new Error(`${path} is ${used} % full, the limit is ${limit} %`);
  return state;
};

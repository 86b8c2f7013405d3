// Packs a folder into an archive and keeps the newest few. The id of this pipeline is its path: home/backup.
//
//   runner trigger home/backup --param source=/srv/photos --param keep=3
//
// Every night at three: take the line with `schedule` in, with your folder. `runner schedules` shows the next times; a
// night that the server was off is made up for at its start.

import { shell } from "../lib/shell.ts";

export const config = {
  webhook: false,
  // schedule: { cron: "0 3 * * *", catchUp: "last", params: { source: "/srv/photos" } },
  params: {
    source: { type: "string", required: true, description: "the folder to back up" },
    target: { type: "string", default: "/var/tmp/runner-backup", description: "where the archives are" },
    keep: { type: "number", default: 7, description: "how many archives are kept" },
  },
  concurrency: { limit: 1 },
  timeout: "2h", // of the whole run; SIGTERM to the step, SIGKILL ten seconds later
} satisfies PipelineConfig;

export const pipeline = async () => {
  const { source, target, keep } = pipelineContext.params;
  const folder = source.replace(/\/+$/, "") || "/";
  const name = folder.split("/").pop() || "root";
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  const archive = `${target}/${name}-${time}.tar.gz`;

  // An archive gets its name when it is whole, so one that was cut short never counts as a backup.
  const size = await shell(
    "pack",
    `mkdir -p "$TARGET"
     tar -czf "$ARCHIVE.part" -C "$SOURCE" . && mv "$ARCHIVE.part" "$ARCHIVE" && wc -c < "$ARCHIVE"`,
    { env: { SOURCE: folder, TARGET: target, ARCHIVE: archive } },
  );

  const removed = await shell(
    "rotate",
    `ls -1 "$TARGET/$NAME"-????-??-??T??-??-??.tar.gz | sort -r | tail -n "+$((KEEP + 1))" | while read -r old; do
       rm -- "$old" && echo "$old"
     done`,
    { env: { TARGET: target, NAME: name, KEEP: Math.max(1, keep) } },
  );

  return { archive, bytes: Number(size), removed: removed.split("\n").filter(Boolean) };
};

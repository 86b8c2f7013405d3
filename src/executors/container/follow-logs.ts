// The command that takes the place of a lost process that was attached to a container: it writes all that the engine has
// kept of the container's output, waits for its end, and ends with its exit status.

import type { SpoolFolder } from "../process/spool-folder.ts";

/**
 * Docker's `logs --follow` was seen to leave out the last line of a container that ends meanwhile, where that has no line
 * break; `logs` after the end has it. Arguments: the engine's command, the container, the files of stdout and stderr.
 */
const script = `"$1" logs --follow "$2" || exit
status=$("$1" wait "$2") || exit
"$1" logs "$2" 2>/dev/null | tail -c "+$(($(wc -c <"$3") + 1))"
"$1" logs "$2" 2>&1 >/dev/null | tail -c "+$(($(wc -c <"$4") + 1))" >&2
exit "$status"`;

export function followLogs(sh: string, program: string, container: string, folder: SpoolFolder): readonly string[] {
  return [sh, "-c", script, "sh", program, container, folder.paths.stdout, folder.paths.stderr];
}

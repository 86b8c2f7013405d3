// The shell script around each command: it outlives the signals meant for the command and writes down its exit status.

const toldNotice = "told to end";

/**
 * What `sh` runs, with the command as its arguments, stdin and stdout those of the command, 2 the status file and
 * 3 the stderr of the command. POSIX only; tried with dash, bash and busybox.
 *
 * Handlers, not ignored signals: ignored ones would be inherited by the command. The command is in the foreground:
 * with `&` a shell ignores SIGINT and SIGQUIT for it and takes its stdin, and a foreground wait goes on after a signal
 * without a loop of our own. It is in a subshell, so that the shell's notice ("Killed") goes to the status file and
 * not among the command's stderr. The exit status is also that of the wrapper, for when the disk is full.
 *
 * Its first line, an empty one, tells a later life of the server that the command was begun.
 *
 * Who ends the whole group from outside, as a service manager or a shutdown, tells the wrapper too, by SIGTERM. It writes
 * that down before the status, which is then that of a command that was told to end.
 */
function scriptWithout(variables: readonly string[]): string {
  const unset = variables.length > 0 ? `unset ${variables.join(" ")}; ` : "";
  return `trap : HUP INT QUIT PIPE ALRM USR1 USR2
trap 'echo ${toldNotice} >&2' TERM
echo >&2
(${unset}exec "$@" 2>&3 3>&-)
s=$?
echo $s >&2
exit $s`;
}

/** Variables that shells put into the environment by themselves. */
const shellVariables = ["PWD", "OLDPWD", "SHLVL"] as const;

const usualScript = scriptWithout(shellVariables);

/** The script for a command with this environment. */
export function createWrapperScript(env: Readonly<Record<string, string>>): string {
  const own = shellVariables.filter((name) => !Object.hasOwn(env, name));
  return own.length === shellVariables.length ? usualScript : scriptWithout(own);
}

/** True where a status file says that somebody told the wrapper to end. */
export function saysTold(text: string): boolean {
  return text.split("\n").includes(toldNotice);
}

/** The exit status in a status file: the last line, only if it is complete. Before it may be notices of the shell. */
export function parseStatus(text: string): number | null {
  const digits = /(?:^|\n)(\d{1,3})\n$/.exec(text)?.[1];
  const status = digits === undefined ? Number.NaN : Number(digits);
  return status <= 255 ? status : null;
}

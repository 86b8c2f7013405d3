// How journals are written: what a run recorded can only be gone on with by a program that writes it the same way.

/**
 * Raised when scripts executed again would no longer make the calls that an older program recorded: another order of
 * calls for the same script, other arguments, other values. Runs of an older format are then failed with a clear word.
 */
export const journalFormat = 1;

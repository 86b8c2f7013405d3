// The limits on what one run may ask of its host, as constants.

/** Journal entries of one run. */
export const maxJournalEntries = 10_000;
/** Calls without a result at one time. */
export const maxOutstandingCalls = 1000;
/** Arguments of all outstanding calls together. */
export const maxOutstandingLength = 16 * 1024 * 1024;
/** Clock and random values of one run, as JSON. */
export const maxObservedLength = 4 * 1024 * 1024;
export const maxConsoleLineLength = 70_000;
export const maxConsoleLines = 10_000;
export const maxConsoleLength = 4 * 1024 * 1024;
/** A guest that keeps computing sends what it has done so far about this often. */
export const flushAfterMs = 10;
export const flushAfterLength = 64 * 1024;

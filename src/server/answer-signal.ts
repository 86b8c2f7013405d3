// A signal for the work behind one answer: aborted when the client leaves, the server stops, or the answer is over.

export interface AnswerSignal {
  readonly signal: AbortSignal;
  /** Always to be called in the end: a joined signal that nothing aborts stays in memory with the server's own. */
  close(): void;
}

export function openAnswerSignal(request: Request, stopping: AbortSignal): AnswerSignal {
  const over = new AbortController();
  return { signal: AbortSignal.any([over.signal, request.signal, stopping]), close: () => over.abort() };
}

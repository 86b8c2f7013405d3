// Named places at which a test build can be told to die as a power cut would end it. A release build has none of them.

/** What can be cut short. Writes of a commit are named by their type, host calls that are recorded by their kind. */
export const faultBoundaries = [
  // Writing, in the control process …
  "commit inbound.put",
  "commit delivery.claim",
  "commit run.create",
  "commit inbound.copy",
  "commit run.start",
  "commit run.wait",
  "commit run.wake",
  "commit run.cancel",
  "commit run.cancel_if_unfinished",
  "commit run.drop_queued",
  "commit run.finish",
  "commit take_over.calls",
  "commit step.put",
  "commit job.declare",
  "commit job.begin",
  "commit job.end",
  "commit lock.put",
  "commit lock.remove",
  "commit step call",
  "commit timer call",
  "commit clear_timer call",
  "commit abort call",
  "commit storage call",
  "commit event call",
  "commit notify call",
  "commit job call",
  "commit var call",
  "commit resource call",
  "commit resource.found",
  "commit resource.take",
  "commit resource.pass",
  "commit resource.trim",
  "commit dedupe call",
  "commit respond call",
  "commit hmac call",
  "commit volume call",
  "commit artifact call",
  "commit fetch call",
  "commit block call",
  "commit block_note call",
  "commit block_end call",
  "commit approval call",
  "commit signal call",
  "commit child call",
  "commit lock call",
  "commit unlock call",
  "commit set_pipeline call",
  "commit sandbox call",
  "commit journal.complete",
  "commit result delivery",
  "commit output delivery",
  "commit cancel delivery",
  "commit journal.observe",
  "commit log.line",
  "commit log.output",
  "commit value.set",
  "commit value.delete",
  "commit event.put",
  "commit delivery.create",
  "commit delivery.attempt",
  "commit artifact.put",
  "commit schedule.put",
  "commit schedule.tick",
  "commit bundle.put",
  "commit version.put",
  // … and in the thread that writes.
  "write batch",
  // Messages to a sandbox process, and from it.
  "open guest",
  "deliver result",
  "deliver output",
  "deliver cancel",
  "close guest",
  "turn",
  "last turn",
  "answer call",
  // Steps and other work of the host.
  "start step",
  "attach step",
  "spawn of wrapper",
  "output",
  "exit",
  "discard",
  "tidying of run",
  "fetch",
  "create volume",
  "read volume",
  "remove volumes",
  // The container engine.
  "container create",
  "container start",
  "container inspect",
  "container rm",
  // Callers.
  "answer webhook",
  "answer trigger",
  "answer rerun",
  "answer decision",
  "answer signal",
  "answer cancel",
  // The beginning of the next life.
  "list unfinished",
  "list steps in flight",
  "load run",
  "load journal",
  "load output",
] as const;

export type FaultBoundary = (typeof faultBoundaries)[number];
export type FaultPoint = `before ${FaultBoundary}` | `after ${FaultBoundary}`;

let armed: { readonly point: string; passagesLeft: number } | null = null;

/** `POINT:N`: this process kills itself at the n-th passage of the point. Nothing else is armed then; "" arms none. */
export function armFaultPoint(text: string): void {
  const [, point, passages] = /^(.+):(\d+)$/.exec(text) ?? [];
  armed = point === undefined ? null : { point, passagesLeft: Number(passages) };
}

export function faultPoint(point: FaultPoint): void {
  if (armed === null || armed.point !== point) return;
  if (--armed.passagesLeft === 0) process.kill(process.pid, "SIGKILL");
}

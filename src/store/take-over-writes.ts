// What a new run is given of the record of an ended one.

/** The point up to which the record of an ended run is given to a new one: just before one of its host calls. */
export interface JournalCut {
  readonly from: string;
  readonly to: string;
  /** Only calls with a lower number, and what came of them. */
  readonly number: number;
  /** Only deliveries up to this one, and what was observed in their turns. */
  readonly afterSeq: number;
  /** Of these calls the outcome is left behind: they are to go on. */
  readonly open: readonly number[];
  /** Added to the time at which those were made. */
  readonly shiftMs: number;
  /** How much of their output the script had been given: `<number>.<stream>` → bytes. */
  readonly given: Readonly<Record<string, number>>;
  /** The last entry of the ended run's log. */
  readonly lastSeq: number;
}

/** Part of the commit that creates the new run, behind that, and in this order. */
export type TakeOverWrite =
  /** Fails with RUN_NOT_FOUND where the ended run is gone, or going: it has fewer entries in its log. */
  | { readonly type: "take_over.check"; readonly cut: JournalCut }
  | { readonly type: "take_over.calls"; readonly cut: JournalCut }
  | { readonly type: "take_over.outcomes"; readonly cut: JournalCut }
  | { readonly type: "take_over.deliveries"; readonly cut: JournalCut }
  | { readonly type: "take_over.observations"; readonly cut: JournalCut }
  /** Steps that have ended; of the others there is nothing to take over. */
  | { readonly type: "take_over.steps"; readonly cut: JournalCut }
  | { readonly type: "take_over.log"; readonly cut: JournalCut }
  /** The rows alone: the files are no matter of the store. */
  | { readonly type: "take_over.artifacts"; readonly cut: JournalCut };

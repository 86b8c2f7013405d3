// All destinations there are, whatever their kind, and what is known of each.

import type { DestinationState } from "../../core/delivery.ts";
import type { DestinationSource, Subscription } from "./destination.ts";

interface Entry {
  readonly subscription: Subscription;
  readonly source: DestinationSource;
}

export class Destinations {
  readonly #sources: readonly DestinationSource[];
  readonly #listeners = new Set<(id: string) => void>();
  readonly #stops: readonly (() => void)[];
  /** Null: has to be made anew. */
  #entries: ReadonlyMap<string, Entry> | null = null;

  constructor(sources: readonly DestinationSource[]) {
    this.#sources = sources;
    this.#stops = sources.map((source) => source.onChange((id) => this.#changed(id)));
  }

  list(): readonly Subscription[] {
    return [...this.#all().values()].map(({ subscription }) => subscription);
  }

  find(id: string): Subscription | undefined {
    return this.#all().get(id)?.subscription;
  }

  /** Undefined where there is no such destination. */
  findState(id: string): DestinationState | undefined {
    return this.#all().get(id)?.source.stateOf(id);
  }

  noteState(state: DestinationState): void {
    this.#all().get(state.id)?.source.noteState(state);
  }

  /** Called after each change of any, and after it was removed; returns how to stop that. */
  onChange(listener: (id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  #changed(id: string): void {
    this.#entries = null;
    for (const listener of this.#listeners) listener(id);
  }

  #all(): ReadonlyMap<string, Entry> {
    this.#entries ??= new Map(
      this.#sources.flatMap((source) =>
        source.list().map((subscription) => [subscription.destination.id, { subscription, source }]),
      ),
    );
    return this.#entries;
  }
}

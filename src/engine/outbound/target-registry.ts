// The targets there are: those of runner.toml, which may change while the server runs.

import { AppError } from "../../core/app-error.ts";
import type { DestinationState } from "../../core/delivery.ts";
import { didYouMean } from "../../core/did-you-mean.ts";
import { type EventRecord, eventId } from "../../core/event.ts";
import type { Catalog } from "../../pipelines/pipelines.ts";
import type { Store, Write } from "../../store/store.ts";
import type { Redactor } from "../../telemetry/telemetry.ts";
import { literalSecrets, type Target } from "../../webhooks/webhooks.ts";
import type { DestinationSource, MadeAttempt, Subscription } from "./destination.ts";
import { NotifyRules } from "./notify-rules.ts";
import { createTargetDestination, targetId, type TargetParts } from "./target-destination.ts";

export interface TargetRegistryOptions extends Omit<TargetParts, "isRecovery"> {
  readonly store: Pick<Store, "commit" | "events" | "endpoints" | "outbound">;
  readonly catalog: Pick<Catalog, "get" | "list">;
  readonly redactor: Pick<Redactor, "add" | "text" | "bytes">;
  readonly targets: readonly Target[];
  readonly randomBytes: (count: number) => Uint8Array;
}

export interface TargetOverview {
  readonly name: string;
  readonly type: Target["type"];
}

interface Entry {
  readonly target: Target;
  readonly subscription: Subscription;
}

/** Looked at for how a pipeline's last run ended. */
const recentEvents = 20;

export class TargetRegistry implements DestinationSource {
  readonly #options: TargetRegistryOptions;
  readonly #rules: NotifyRules;
  readonly #entries = new Map<string, Entry>();
  /** By id. */
  #states = new Map<string, DestinationState>();
  readonly #listeners = new Set<(id: string) => void>();

  private constructor(options: TargetRegistryOptions) {
    this.#options = options;
    this.#rules = new NotifyRules(options.catalog);
  }

  /** @throws {AppError} STORE_UNAVAILABLE. */
  static async load(options: TargetRegistryOptions): Promise<TargetRegistry> {
    const registry = new TargetRegistry(options);
    for (const state of await options.store.endpoints.states()) {
      if (state.id.startsWith(targetId(""))) registry.#states.set(state.id, state);
    }
    await registry.#primeRules();
    await registry.replace(options.targets);
    return registry;
  }

  /** These and no others from now on. @throws {AppError} STORE_UNAVAILABLE: nothing has changed. */
  async replace(targets: readonly Target[]): Promise<void> {
    const { redactor } = this.#options;
    const states = await this.#adjustStates(targets);
    const changed = new Set([...this.#entries.keys(), ...targets.map(({ name }) => name)]);
    this.#states = states;
    this.#entries.clear();
    for (const target of targets) {
      for (const [field, value] of literalSecrets(target)) redactor.add(`targets.${target.name}.${field}`, value);
      this.#entries.set(target.name, { target, subscription: this.#subscribe(target) });
    }
    for (const name of changed) this.#tell(targetId(name));
  }

  /** @throws {AppError} TARGET_NOT_FOUND. */
  get(name: string): Target {
    const known = this.#entries.get(name);
    if (known !== undefined) return known.target;
    throw new AppError("TARGET_NOT_FOUND", `there is no target ${JSON.stringify(name.slice(0, 100))}`, {
      hint: this.#hintFor(name),
    });
  }

  /** In the order of runner.toml, without what is secret. */
  overview(): readonly TargetOverview[] {
    return [...this.#entries.values()].map(({ target: { name, type } }) => ({ name, type }));
  }

  list(): readonly Subscription[] {
    return [...this.#entries.values()].map(({ subscription }) => subscription);
  }

  stateOf(id: string): DestinationState {
    return this.#states.get(id) ?? freshState(id, 0);
  }

  noteState(state: DestinationState): void {
    if (!this.#states.has(state.id)) return;
    this.#states.set(state.id, state);
    this.#tell(state.id);
  }

  onChange(listener: (id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends a notification at once, once, and keeps no record of it. @throws {AppError} TARGET_NOT_FOUND. */
  async test(name: string): Promise<MadeAttempt> {
    this.get(name);
    const { now, randomBytes } = this.#options;
    const at = now();
    const message = `This is a test of the target ${name}.`;
    const data = { target: name, title: "runner", message, level: "info", link: null };
    const event: EventRecord = {
      seq: 0,
      id: eventId(at, randomBytes(8)),
      type: "notification.requested",
      createdAt: at,
      runId: null,
      pipeline: null,
      sequence: null,
      target: name,
      data,
    };
    const delivery = { id: event.id.replace("evt_", "dlv_"), attempt: 1 };
    const signal = new AbortController().signal;
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new Error(`the target ${name} is gone`);
    return await entry.subscription.destination.attempt(event, delivery, signal);
  }

  #subscribe(target: Target): Subscription {
    const isRecovery = (event: EventRecord): boolean => this.#rules.isRecovery(event);
    return {
      destination: createTargetDestination(target, { ...this.#options, isRecovery }),
      isOff: false,
      // Whoever is told of troubles is needed most in the longest of them.
      mayBeDisabled: false,
      wants: (event) => event.target === target.name || this.#rules.targetsOf(event).includes(target.name),
    };
  }

  /** A new target gets what happens from now on; what a removed one was still to get is cancelled. */
  async #adjustStates(targets: readonly Target[]): Promise<Map<string, DestinationState>> {
    const { store, now } = this.#options;
    const ids = new Set(targets.map(({ name }) => targetId(name)));
    const gone = [...this.#states.keys()].filter((id) => !ids.has(id));
    const added = [...ids].filter((id) => !this.#states.has(id));
    const seq = added.length > 0 ? await store.events.newestSeq() : 0;
    const states = added.map((id) => freshState(id, seq));
    const writes: Write[] = [
      ...gone.flatMap((id): Write[] => [
        { type: "delivery.cancel_pending", destination: id, at: now() },
        { type: "destination.remove", id },
      ]),
      ...states.map((state): Write => ({ type: "destination.put", state })),
    ];
    if (writes.length > 0) await store.commit(writes);
    const kept = [...this.#states].filter(([id]) => ids.has(id));
    return new Map([...kept, ...states.map((state) => [state.id, state] as const)]);
  }

  /** How pipelines were before what is still to be looked at, for those that want to know when they are well again. */
  async #primeRules(): Promise<void> {
    const { catalog, store } = this.#options;
    const asking = catalog
      .list()
      .filter(({ version }) => version?.config.notify?.some(({ on }) => on.includes("recovered")) ?? false);
    if (asking.length === 0) return;
    const upTo = await store.outbound.fannedOutTo();
    for (const { id: pipeline } of asking) {
      const pages = ["run.completed", "run.failed"].map((type) =>
        store.events.list({ type, pipeline, limit: recentEvents }),
      );
      const ends = (await Promise.all(pages)).flatMap(({ events }) => events).filter(({ seq }) => seq <= upTo);
      const last = ends.toSorted((a, b) => b.seq - a.seq)[0];
      if (last !== undefined)
        this.#rules.prime(pipeline, last.seq, last.type === "run.failed" ? "failed" : "succeeded");
    }
  }

  #hintFor(name: string): string {
    const names = [...this.#entries.keys()];
    const near = didYouMean(name, names);
    if (near !== undefined) return `did you mean ${JSON.stringify(near)}?`;
    const known = names.length === 0 ? "there are none" : `there are ${names.join(", ")}`;
    return `targets are tables [targets.NAME] of runner.toml; ${known}`;
  }

  #tell(id: string): void {
    for (const listener of this.#listeners) listener(id);
  }
}

function freshState(id: string, afterSeq: number): DestinationState {
  return { id, afterSeq, failingSince: null, failingToldAt: null, disabledAt: null, disabledReason: null };
}

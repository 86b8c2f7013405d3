// The endpoints there are: all in memory, those of the API in the store too, those of runner.toml as it says.

import { AppError } from "../../core/app-error.ts";
import type { DestinationState } from "../../core/delivery.ts";
import type { SecretBox, SecretReader } from "../../secrets/secrets.ts";
import type { Store, StoredEndpoint, Write } from "../../store/store.ts";
import type { Redactor } from "../../telemetry/telemetry.ts";
import type { DeclaredEndpoint, Endpoint, EndpointFields } from "../../webhooks/webhooks.ts";
import { maskCredentials, resolveCredentials } from "./endpoint-credentials.ts";
import { endpointDeclared, endpointGone, endpointNotFound, endpointSealed } from "./endpoint-errors.ts";
import type { EndpointCredentials, EndpointSource } from "./endpoint-registry-contract.ts";
import { type EndpointSecrets, EndpointVault } from "./endpoint-vault.ts";
import { declaredId, definitionOf, fromDeclared, fromStored, type KeptEndpoint } from "./kept-endpoint.ts";

export interface EndpointRegistryOptions {
  readonly store: Pick<Store, "commit" | "endpoints" | "events">;
  /** @throws {AppError} CONFIG_INVALID. */
  readonly openBox: () => Promise<SecretBox>;
  readonly secrets: SecretReader;
  readonly redactor: Pick<Redactor, "add">;
  readonly now: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
  /** Those of runner.toml. */
  readonly declared: readonly DeclaredEndpoint[];
}

const mostEndpoints = 1000;

export class EndpointRegistry implements EndpointSource {
  readonly #options: EndpointRegistryOptions;
  readonly #vault: EndpointVault;
  readonly #kept = new Map<string, KeptEndpoint>();
  readonly #states = new Map<string, DestinationState>();
  readonly #removed = new Set<string>();
  #listed: readonly Endpoint[] | null = null;
  readonly #listeners = new Set<(id: string) => void>();
  /** One change at a time: each is made of what the one before it left. */
  #lastChange: Promise<unknown> = Promise.resolve();

  private constructor(options: EndpointRegistryOptions) {
    this.#options = options;
    this.#vault = new EndpointVault(options.openBox);
  }

  /** @throws {AppError} CONFIG_INVALID for the key of endpoints that there are, STORE_UNAVAILABLE. */
  static async load(options: EndpointRegistryOptions): Promise<EndpointRegistry> {
    const registry = new EndpointRegistry(options);
    const { endpoints } = options.store;
    for (const state of await endpoints.states()) {
      if (state.id.startsWith(declaredId(""))) registry.#states.set(state.id, state);
    }
    for (const stored of await endpoints.all()) {
      if (stored.removedAt === null) registry.#keep(fromStored(stored, await registry.#vault.open(stored.id, stored)));
      else registry.#removed.add(stored.id);
    }
    await registry.replaceDeclared(options.declared);
    return registry;
  }

  /** Those of runner.toml first, then by their age. */
  list(): readonly Endpoint[] {
    // Asked for with each event.
    this.#listed ??= [...this.#kept.values()]
      .map(({ endpoint }) => endpoint)
      .toSorted((a, b) => (rankOf(a) < rankOf(b) ? -1 : 1));
    return this.#listed;
  }

  /** Those whose secrets do not open. */
  get unusable(): readonly string[] {
    return [...this.#kept.values()].filter(({ secrets }) => secrets === null).map(({ endpoint }) => endpoint.id);
  }

  find(id: string): Endpoint | undefined {
    return this.#kept.get(id)?.endpoint;
  }

  /** @throws {AppError} ENDPOINT_NOT_FOUND, ENDPOINT_GONE. */
  get(id: string): KeptEndpoint {
    const kept = this.#kept.get(id);
    if (kept !== undefined) return kept;
    throw this.#removed.has(id) ? endpointGone(id) : endpointNotFound(id);
  }

  /** Until when the secret before the present one counts; null: none does. @throws {AppError} ENDPOINT_NOT_FOUND, ENDPOINT_GONE. */
  previousUntilOf(id: string): number | null {
    const { previousUntil } = this.get(id);
    return previousUntil !== null && previousUntil > this.#options.now() ? previousUntil : null;
  }

  stateOf(id: string): DestinationState {
    this.get(id);
    return this.#states.get(id) ?? freshState(id, 0);
  }

  /** Wanted, and not disabled by the server. @throws {AppError} ENDPOINT_NOT_FOUND, ENDPOINT_GONE. */
  isEnabled(id: string): boolean {
    return this.get(id).endpoint.enabled && this.stateOf(id).disabledAt === null;
  }

  noteState(state: DestinationState): void {
    if (!this.#kept.has(state.id)) return;
    this.#states.set(state.id, state);
    this.#tell(state.id);
  }

  onChange(listener: (id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async credentialsOf(id: string): Promise<EndpointCredentials> {
    const kept = this.#kept.get(id);
    if (kept === undefined) return { ok: false, field: "id", message: `there is no endpoint ${id}` };
    return await resolveCredentials(kept, this.#options.secrets, this.#options.now());
  }

  /** Durable when this resolves. @throws {AppError} ENDPOINT_LIMIT, CONFIG_INVALID for the key, STORE_UNAVAILABLE. */
  async create(fields: EndpointFields, secret: string): Promise<KeptEndpoint> {
    return await this.#inTurn(async () => {
      if (this.#kept.size >= mostEndpoints) {
        throw new AppError("ENDPOINT_LIMIT", `there are ${mostEndpoints} endpoints already, which is the most`, {
          hint: "remove some: `runner webhooks list` lists them",
        });
      }
      const now = this.#options.now();
      const id = `ep_${now.toString(16).padStart(12, "0")}${this.#options.randomBytes(8).toHex()}`;
      const state = await this.#newState(id);
      const secrets = { secret, headers: fields.headers, previous: null };
      return await this.#put({ id, fields, createdAt: now, previousUntil: null }, secrets, state);
    });
  }

  /**
   * Changes an endpoint to what `change` makes of it; one that becomes enabled begins with the events from then on, and
   * nothing is held against it.
   * @throws {AppError} ENDPOINT_NOT_FOUND, ENDPOINT_GONE, ENDPOINT_DECLARED, SECRET_MISSING, STORE_UNAVAILABLE, and what `change` throws.
   */
  async change(id: string, change: (endpoint: Endpoint) => EndpointFields): Promise<KeptEndpoint> {
    return await this.#inTurn(async () => {
      const { endpoint, previousUntil, ...kept } = this.#changeable(id);
      const enabled = this.isEnabled(id);
      const fields = change({ ...endpoint, enabled });
      const state = fields.enabled && !enabled ? await this.#newState(id) : null;
      const [secret = "", previous = null] = kept.secrets;
      const secrets = { secret, headers: fields.headers, previous };
      return await this.#put({ id, fields, createdAt: endpoint.createdAt, previousUntil }, secrets, state);
    });
  }

  /** Ends a disablement that nobody asked for; one of runner.toml can be changed like this too. */
  async enable(id: string): Promise<void> {
    await this.#inTurn(async () => {
      this.get(id);
      const state = await this.#newState(id);
      await this.#options.store.commit([{ type: "destination.put", state }]);
      this.noteState(state);
    });
  }

  /**
   * From now on the new secret signs; the one that did so far counts too, for so long.
   * @throws {AppError} as `change`.
   */
  async rotate(id: string, secret: string, keepOldForMs: number): Promise<KeptEndpoint> {
    return await this.#inTurn(async () => {
      const { endpoint, secrets } = this.#changeable(id);
      const [previous = null] = keepOldForMs > 0 ? secrets : [];
      const previousUntil = previous === null ? null : this.#options.now() + keepOldForMs;
      const { headers, createdAt } = endpoint;
      return await this.#put({ id, fields: endpoint, createdAt, previousUntil }, { secret, headers, previous }, null);
    });
  }

  /** What was still to be sent to it is not sent. @throws {AppError} ENDPOINT_NOT_FOUND, ENDPOINT_GONE, ENDPOINT_DECLARED, STORE_UNAVAILABLE. */
  async remove(id: string): Promise<void> {
    await this.#inTurn(async () => {
      const { createdAt } = this.#own(id).endpoint;
      const now = this.#options.now();
      const nothing = { definition: "{}", secret: new Uint8Array(), previousSecret: null, previousUntil: null };
      const stone = { id, createdAt, updatedAt: now, removedAt: now, ...nothing } satisfies StoredEndpoint;
      await this.#options.store.commit([{ type: "endpoint.put", endpoint: stone }, ...removal(id, now)]);
      this.#drop(id);
    });
  }

  /**
   * Those of runner.toml as it is now. One that is not enabled there has no state, so that it begins anew when it is.
   * @throws {AppError} STORE_UNAVAILABLE: nothing has changed then.
   */
  async replaceDeclared(declared: readonly DeclaredEndpoint[]): Promise<void> {
    await this.#inTurn(async () => {
      const now = this.#options.now();
      const wanted = new Map(declared.map((each) => [declaredId(each.name), fromDeclared(each, now)]));
      const ids = new Set([...this.#states.keys(), ...this.#kept.keys(), ...wanted.keys()]);
      const fresh: DestinationState[] = [];
      const writes: Write[] = [];
      for (const id of [...ids].filter((each) => this.#kept.get(each)?.endpoint.source !== "api")) {
        const kept = wanted.get(id);
        if (kept === undefined) writes.push(...removal(id, now));
        else if (!kept.endpoint.enabled) writes.push({ type: "destination.remove", id });
        else if (this.#beginsAnew(kept)) fresh.push(await this.#newState(id));
      }
      for (const state of fresh) writes.push({ type: "destination.put", state });
      if (writes.length > 0) await this.#options.store.commit(writes);
      for (const write of writes) if (write.type === "destination.remove") this.#states.delete(write.id);
      for (const state of fresh) this.#states.set(state.id, state);
      for (const id of ids) if (this.find(id)?.source === "file" && !wanted.has(id)) this.#drop(id);
      for (const kept of wanted.values()) if (!this.#isKept(kept)) this.#keep(kept);
    });
  }

  /** Whatever the times are. */
  #isKept({ endpoint, secrets }: KeptEndpoint): boolean {
    const known = this.#kept.get(endpoint.id);
    if (known === undefined) return false;
    const { createdAt, updatedAt } = endpoint;
    return Bun.deepEquals([{ ...known.endpoint, createdAt, updatedAt }, known.secrets], [endpoint, secrets]);
  }

  /** New, or changed after it was disabled. */
  #beginsAnew(kept: KeptEndpoint): boolean {
    const { id } = kept.endpoint;
    const state = this.#states.get(id);
    return state === undefined || (state.disabledAt !== null && this.#kept.has(id) && !this.#isKept(kept));
  }

  /** One that was made by the API. */
  #own(id: string): KeptEndpoint {
    const kept = this.get(id);
    if (kept.endpoint.source === "file") throw endpointDeclared(id);
    return kept;
  }

  #changeable(id: string): KeptEndpoint & { readonly secrets: readonly string[] } {
    const { secrets, ...kept } = this.#own(id);
    if (secrets === null) throw endpointSealed(id);
    return { ...kept, secrets };
  }

  async #put(
    made: Pick<Endpoint, "id" | "createdAt"> &
      Pick<KeptEndpoint, "previousUntil"> & { readonly fields: EndpointFields },
    secrets: EndpointSecrets,
    state: DestinationState | null,
  ): Promise<KeptEndpoint> {
    const { id, createdAt, previousUntil, fields } = made;
    const updatedAt = this.#options.now();
    const sealed = await this.#vault.seal(id, secrets);
    const definition = definitionOf(fields);
    const stored = { id, createdAt, updatedAt, removedAt: null, previousUntil, definition, ...sealed };
    const kept = fromStored(stored, secrets);
    // Masked before anybody can read it.
    maskCredentials(kept, this.#options.redactor);
    const writes: Write[] = [{ type: "endpoint.put", endpoint: stored }];
    if (state !== null) writes.push({ type: "destination.put", state });
    await this.#options.store.commit(writes);
    if (state !== null) this.#states.set(id, state);
    this.#keep(kept);
    return kept;
  }

  #keep(kept: KeptEndpoint): void {
    maskCredentials(kept, this.#options.redactor);
    this.#kept.set(kept.endpoint.id, kept);
    this.#listed = null;
    this.#tell(kept.endpoint.id);
  }

  #drop(id: string): void {
    this.#kept.delete(id);
    this.#listed = null;
    this.#states.delete(id);
    this.#removed.add(id);
    this.#tell(id);
  }

  #tell(id: string): void {
    for (const listener of this.#listeners) listener(id);
  }

  /** Events from now on are for it. */
  async #newState(id: string): Promise<DestinationState> {
    return freshState(id, await this.#options.store.events.newestSeq());
  }

  async #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#lastChange.then(change);
    this.#lastChange = turn.catch(() => undefined);
    return await turn;
  }
}

function rankOf({ source, id }: Endpoint): string {
  return source === "file" ? `0${id}` : `1${id}`;
}

function freshState(id: string, afterSeq: number): DestinationState {
  return { id, afterSeq, failingSince: null, failingToldAt: null, disabledAt: null, disabledReason: null };
}

function removal(id: string, at: number): readonly Write[] {
  return [
    { type: "delivery.cancel_pending", destination: id, at },
    { type: "destination.remove", id },
  ];
}

// The verbs of endpoints and their deliveries, for the API: what is given is checked, then done.

import type { DestinationState } from "../../core/delivery.ts";
import { fieldsInvalid } from "../../core/field-problem.ts";
import type { Logger } from "../../telemetry/telemetry.ts";
import {
  type DeclaredEndpoint,
  type Endpoint,
  makeEndpointSecret,
  parseEndpoint,
  parseEndpointPatch,
  type ReadEndpoint,
  sampleData,
} from "../../webhooks/webhooks.ts";
import { checkEndpoint, type EndpointWarning, findWarnings, type KnownThings } from "./check-endpoint.ts";
import { deliveriesOf, type DeliveryVerbs } from "./deliveries-of.ts";
import type { DeliveryDesk, WholeDelivery } from "./delivery-desk-contract.ts";
import type { EndpointRegistry } from "./endpoint-registry.ts";

export interface EndpointView {
  /** `enabled`: wanted, and not disabled by the server. */
  readonly endpoint: Endpoint;
  readonly state: DestinationState;
  /** Until when the secret before the present one counts; null: there is none. */
  readonly previousUntil: number | null;
}

export interface ChangedEndpoint extends EndpointView {
  readonly warnings: readonly EndpointWarning[];
}

export interface EndpointWithSecret extends ChangedEndpoint {
  /** As it was given, or made: no other answer has it. */
  readonly secret: string;
}

export interface SecretRotation {
  /** Absent: one is made. */
  readonly secret?: string;
  readonly keepOldForMs: number;
}

export interface EndpointDeskOptions {
  readonly registry: EndpointRegistry;
  readonly deliveries: DeliveryDesk;
  readonly known: KnownThings;
  /** Why deliveries may not go to an address; null: they may. */
  readonly checkUrl: (url: string) => Promise<string | null>;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly logger: Pick<Logger, "warn">;
}

/** Each of an endpoint throws ENDPOINT_NOT_FOUND where there never was one, and ENDPOINT_GONE where it was removed. */
export class EndpointDesk {
  readonly deliveries: DeliveryVerbs;
  readonly #options: EndpointDeskOptions;

  constructor(options: EndpointDeskOptions) {
    this.#options = options;
    this.deliveries = deliveriesOf(options.deliveries, (id) => options.registry.get(id).endpoint.id);
  }

  list(): readonly EndpointView[] {
    return this.#options.registry.list().map(({ id }) => this.get(id));
  }

  get(id: string): EndpointView {
    const { registry } = this.#options;
    const endpoint = { ...registry.get(id).endpoint, enabled: registry.isEnabled(id) };
    return { endpoint, previousUntil: registry.previousUntilOf(id), state: registry.stateOf(id) };
  }

  /** @param input as it was sent. @throws {AppError} FIELDS_INVALID, ENDPOINT_LIMIT, CONFIG_INVALID, STORE_UNAVAILABLE. */
  async create(input: unknown): Promise<EndpointWithSecret> {
    const { registry, randomBytes, checkUrl } = this.#options;
    const { fields, secret = makeEndpointSecret(randomBytes) } = valueOf(parseEndpoint(input));
    await checkEndpoint(fields, secret, checkUrl);
    const { endpoint } = await registry.create(fields, secret);
    return { ...(await this.#withWarnings(endpoint.id)), secret };
  }

  /**
   * One of runner.toml can only be enabled again, after the server has disabled it.
   * @throws {AppError} FIELDS_INVALID, ENDPOINT_DECLARED, SECRET_MISSING, STORE_UNAVAILABLE.
   */
  async change(id: string, input: unknown): Promise<ChangedEndpoint> {
    const { registry, checkUrl } = this.#options;
    const { endpoint } = registry.get(id);
    const fields = valueOf(parseEndpointPatch(input, endpoint));
    const isEnabling = Bun.deepEquals(input, { enabled: true });
    if (endpoint.source === "file" && endpoint.enabled && isEnabling) await registry.enable(id);
    else {
      await checkEndpoint(fields, null, checkUrl);
      // Made once more of what another change may have left meanwhile.
      await registry.change(id, (current) => valueOf(parseEndpointPatch(input, current)));
    }
    return await this.#withWarnings(id);
  }

  /** @throws {AppError} ENDPOINT_DECLARED, STORE_UNAVAILABLE. */
  async remove(id: string): Promise<void> {
    await this.#options.registry.remove(id);
  }

  /** @throws {AppError} FIELDS_INVALID, ENDPOINT_DECLARED, SECRET_MISSING, STORE_UNAVAILABLE. */
  async rotateSecret(id: string, { secret: given, keepOldForMs }: SecretRotation): Promise<EndpointWithSecret> {
    const { registry, randomBytes, checkUrl } = this.#options;
    const secret = given ?? makeEndpointSecret(randomBytes);
    await checkEndpoint(registry.get(id).endpoint, secret, checkUrl);
    await registry.rotate(id, secret, keepOldForMs);
    return { ...(await this.#withWarnings(id)), secret };
  }

  /** Sends a sample event of a type to this endpoint alone; resolves when the first attempt has been made. */
  async sendSample(id: string, type: string): Promise<WholeDelivery> {
    this.get(id);
    return await this.#options.deliveries.send(id, { type, data: sampleData(type) });
  }

  /** The endpoints of runner.toml as it is now. @throws {AppError} STORE_UNAVAILABLE: nothing has changed then. */
  async replaceDeclared(declared: readonly DeclaredEndpoint[]): Promise<void> {
    const { registry } = this.#options;
    const before = new Set(registry.list());
    await registry.replaceDeclared(declared);
    await this.warnOfDeclared(before);
  }

  /** In the log, for whoever writes a file is given no answer. @param known these are not told of. */
  async warnOfDeclared(known: ReadonlySet<Endpoint> = new Set()): Promise<void> {
    const things = this.#options.known;
    let types: Promise<ReadonlySet<string>> | undefined;
    // For all of them once: a server with many events would be long in starting.
    const recordedTypes = async (): Promise<ReadonlySet<string>> => await (types ??= things.recordedTypes());
    for (const endpoint of this.#options.registry.list()) {
      if (endpoint.source === "api" || known.has(endpoint)) continue;
      const { warnings } = await this.#withWarnings(endpoint.id, { ...things, recordedTypes });
      for (const { message } of warnings) {
        this.#options.logger.warn("an endpoint of runner.toml may not be what was meant", {
          endpoint: endpoint.name,
          reason: message,
        });
      }
    }
  }

  async #withWarnings(id: string, known = this.#options.known): Promise<ChangedEndpoint> {
    const view = this.get(id);
    const credentials = await this.#options.registry.credentialsOf(id);
    return { ...view, warnings: await findWarnings(view.endpoint, credentials, known) };
  }
}

function valueOf<T>(read: ReadEndpoint<T>): T {
  if (read.ok) return read.value;
  throw fieldsInvalid(read.problems);
}

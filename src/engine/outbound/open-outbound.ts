// Opens all that events leave the server by: the endpoints as they are kept, and the deliveries to them.

import type { Clock } from "../../core/clock.ts";
import type { Catalog } from "../../pipelines/pipelines.ts";
import type { ApprovalLinks, SecretBox, SecretReader } from "../../secrets/secrets.ts";
import type { Logger, Redactor } from "../../telemetry/telemetry.ts";
import type { DeclaredEndpoint, OutboundSender, Target } from "../../webhooks/webhooks.ts";
import type { CommittedStore } from "../events/committed-store.ts";
import { RepeatedWarnings } from "../repeated-warnings.ts";
import { createEndpointDestination } from "./endpoint-destination.ts";
import { EndpointDesk } from "./endpoint-desk.ts";
import { EndpointRegistry } from "./endpoint-registry.ts";
import { EndpointSubscriptions } from "./endpoint-subscriptions.ts";
import { linkOf } from "./link-of.ts";
import { Outbound } from "./outbound.ts";
import { createTargetDesk, type TargetDesk } from "./target-desk.ts";
import { TargetRegistry } from "./target-registry.ts";

/** What is said of deliveries by those who start the server. */
export interface OutboundSettings {
  readonly sender: OutboundSender;
  /** Endpoints of runner.toml. */
  readonly declared: readonly DeclaredEndpoint[];
  /** Of runner.toml, for notifications. */
  readonly targets: readonly Target[];
  /** Told with each event. */
  readonly metadata: Readonly<Record<string, string>>;
  /** An endpoint that has failed for so long is disabled; null: none is. */
  readonly disableAfterMs: number | null;
  /** As receivers are told it. */
  readonly userAgent: string;
  /** @throws {AppError} CONFIG_INVALID. */
  readonly openBox: () => Promise<SecretBox>;
  readonly randomBytes: (count: number) => Uint8Array;
}

export interface OutboundParts {
  readonly store: CommittedStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly secrets: SecretReader;
  readonly redactor: Redactor;
  readonly approvalLinks: Pick<ApprovalLinks, "make">;
}

export interface OpenedOutbound {
  readonly outbound: Outbound;
  readonly endpoints: EndpointDesk;
  readonly registry: EndpointRegistry;
  readonly targets: TargetRegistry;
  readonly targetDesk: TargetDesk;
}

/** Nothing is sent before `outbound.start()`. @throws {AppError} CONFIG_INVALID for the key of endpoints that there are. */
export async function openOutbound(
  parts: OutboundParts,
  settings: OutboundSettings,
  catalog: Pick<Catalog, "get" | "list">,
  newId: () => string,
): Promise<OpenedOutbound> {
  const { store, clock, logger, secrets, redactor } = parts;
  const { sender, declared, metadata, disableAfterMs, userAgent, openBox, randomBytes } = settings;
  const now = (): number => clock.now();
  const registry = await EndpointRegistry.load({ store, openBox, secrets, redactor, now, randomBytes, declared });
  for (const endpoint of registry.unusable) {
    logger.error("an endpoint's secret does not open with the key of this server; bring back the key", { endpoint });
  }
  const credentialsOf: EndpointRegistry["credentialsOf"] = async (id) => await registry.credentialsOf(id);
  const sending = { sender, clock, redactor, credentialsOf, metadata, userAgent };
  const warnings = new RepeatedWarnings(logger, clock);
  const subscriptions = new EndpointSubscriptions({
    endpoints: registry,
    toDestination: (endpoint) => createEndpointDestination(endpoint, sending),
    metadata,
    now,
    onProblem: (id, detail) =>
      warnings.warn("an endpoint's `when` could not be evaluated, so it does not hold", {
        pipeline: id,
        reason: "when_invalid",
        detail,
      }),
  });
  const targets = await TargetRegistry.load({
    store,
    secrets,
    redactor,
    sender,
    metadata,
    userAgent,
    now,
    randomBytes,
    catalog,
    targets: settings.targets,
    linkOf: (event) => linkOf(event, parts.approvalLinks),
  });
  const outbound = new Outbound({ parts, sources: [subscriptions, targets], disableAfterMs, newId, randomBytes });
  const checkUrl = async (url: string): Promise<string | null> => await sender.checkUrl(url);
  const { desk: deliveries } = outbound;
  const known = { recordedTypes: async () => await store.events.types(), pipelines: catalog };
  const endpoints = new EndpointDesk({ registry, deliveries, known, checkUrl, randomBytes, logger });
  await endpoints.warnOfDeclared();
  return { outbound, endpoints, registry, targets, targetDesk: createTargetDesk(targets, deliveries) };
}

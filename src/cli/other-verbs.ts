// What commands ask of the server beside runs and pipelines, subject by subject.

import { createDeliveryVerbs, type DeliveryVerbs } from "./delivery-verbs.ts";
import { createEndpointVerbs, type EndpointVerbs } from "./endpoint-verbs.ts";
import { createRequestVerbs, type RequestVerbs } from "./request-verbs.ts";
import { createSecretVerbs, type SecretVerbs } from "./secret-verbs.ts";
import { createTargetVerbs, type TargetVerbs } from "./target-verbs.ts";

export interface OtherVerbs extends SecretVerbs, RequestVerbs, EndpointVerbs, DeliveryVerbs, TargetVerbs {}

type Ask = Parameters<typeof createSecretVerbs>[1] &
  Parameters<typeof createRequestVerbs>[1] &
  Parameters<typeof createEndpointVerbs>[1] &
  Parameters<typeof createDeliveryVerbs>[1] &
  Parameters<typeof createTargetVerbs>[1];

export function createOtherVerbs(url: string, ask: Ask): OtherVerbs {
  return {
    ...createSecretVerbs(url, ask),
    ...createRequestVerbs(url, ask),
    ...createEndpointVerbs(url, ask),
    ...createDeliveryVerbs(url, ask),
    ...createTargetVerbs(url, ask),
  };
}

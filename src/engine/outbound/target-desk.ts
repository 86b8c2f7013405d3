// What can be asked of targets from outside.

import { deliveriesOf, type DeliveryVerbs } from "./deliveries-of.ts";
import { targetId } from "./target-destination.ts";
import type { TargetRegistry } from "./target-registry.ts";

export interface TargetDesk extends Pick<TargetRegistry, "overview" | "test" | "replace"> {
  /** By the target's name; each throws TARGET_NOT_FOUND. */
  readonly deliveries: DeliveryVerbs;
}

export function createTargetDesk(registry: TargetRegistry, deliveries: DeliveryVerbs): TargetDesk {
  return {
    overview: () => registry.overview(),
    test: async (name) => await registry.test(name),
    replace: async (targets) => await registry.replace(targets),
    deliveries: deliveriesOf(deliveries, (name) => targetId(registry.get(name).name)),
  };
}

// What events leave the server by: the sender, with what the configuration says of it.

import { randomBytes } from "node:crypto";
import packageFile from "../../package.json" with { type: "json" };
import type { Config } from "../config.ts";
import type { OutboundSettings } from "../engine/engine.ts";
import type { Logger } from "../telemetry/telemetry.ts";
import { openOutboundSender } from "../webhooks/webhooks.ts";
import type { OpenedParts } from "./opened-parts.ts";

export async function openOutbound(
  config: Pick<
    Config,
    "targets" | "webhooks" | "metadata" | "disableAfter" | "outboundDenyPrivate" | "outboundAllowHttp"
  >,
  openBox: OutboundSettings["openBox"],
  logger: Logger,
  opened: OpenedParts,
): Promise<OutboundSettings> {
  const sender = await openOutboundSender({
    denyPrivate: config.outboundDenyPrivate,
    allowHttp: config.outboundAllowHttp,
  });
  opened.add(() => sender.close());
  if (sender.fault !== null) logger.error(`no event leaves this server: ${sender.fault}`);
  return {
    sender,
    declared: config.webhooks,
    targets: config.targets,
    metadata: config.metadata,
    disableAfterMs: config.disableAfter,
    userAgent: `runner/${packageFile.version}`,
    openBox,
    randomBytes: (count) => randomBytes(count),
  };
}

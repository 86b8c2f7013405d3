// Discord, interactions and webhook events; the secret is the application's public key:
// https://docs.discord.com/developers/interactions/overview#setting-up-an-endpoint-validating-security-request-headers

import type { InboundProvider } from "../provider.ts";
import { fiveMinutesMs, json } from "../schemes.ts";

/** Of interactions; webhook events have a PING of their own, 0, and say their type in full. */
const typeNames = {
  "0": "PING",
  "1": "PING",
  "2": "APPLICATION_COMMAND",
  "3": "MESSAGE_COMPONENT",
  "4": "APPLICATION_COMMAND_AUTOCOMPLETE",
  "5": "MODAL_SUBMIT",
};

export const discord: InboundProvider = {
  name: "discord",
  detectedBy: [{ header: "x-signature-ed25519" }],
  eventType: [json("event", "type"), { from: "json", path: ["type"], names: typeNames }],
  deliveryId: [json("id")],
  schemes: [
    {
      places: [{ in: "header", name: "x-signature-ed25519" }],
      forms: [{ prefix: "", prefixRequired: false, algorithm: "ed25519", encoding: "hex", key: "hex" }],
      signed: [{ part: "timestamp" }, { part: "body" }],
      timestamp: { in: "header", name: "x-signature-timestamp", toleranceMs: fiveMinutesMs },
    },
  ],
  // Anybody could use the public key as the secret of an HMAC.
  pinnedOnly: true,
};

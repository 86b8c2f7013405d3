// Grafana, webhook contact points with HMAC signature. The header of the time has no name by default; this is the one
// of its documentation:
// https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/

import type { InboundProvider, SignatureScheme } from "../provider.ts";
import { bodySignedIn, fiveMinutesMs, json } from "../schemes.ts";

const timeHeader = "x-grafana-alerting-signature-timestamp";
const withoutTime: SignatureScheme = bodySignedIn("x-grafana-alerting-signature");

export const grafana: InboundProvider = {
  name: "grafana",
  detectedBy: [{ header: "x-grafana-alerting-signature" }],
  eventType: [json("status")],
  deliveryId: [],
  schemes: [
    {
      ...withoutTime,
      requires: [timeHeader],
      signed: [{ part: "timestamp" }, { part: "text", text: ":" }, { part: "body" }],
      timestamp: { in: "header", name: timeHeader, toleranceMs: fiveMinutesMs },
    },
    withoutTime,
  ],
};

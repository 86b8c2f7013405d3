// Receives the events of a Slack app: answers the check of the address and every event at once, then works on.
//
// `runner webhook slack` prints the address for Event Subscriptions → Request URL. SLACK_SIGNING_SECRET is the signing
// secret under Basic Information of the app. Requests older than five minutes are refused, so the clock of this machine
// has to be right.

export const config = {
  webhook: { provider: "slack", secret: "env:SLACK_SIGNING_SECRET" },
} satisfies PipelineConfig;

export const pipeline = async () => {
  const request = http.request();
  if (!request) return "only Slack can trigger this pipeline";
  const payload = JSON.parse(request.body);

  if (request.eventType === "url_verification") {
    http.respond({
      body: JSON.stringify({ challenge: payload.challenge }),
      headers: { "content-type": "application/json" },
    });
    return "address confirmed";
  }

  http.respond({ status: 200 }); // Slack repeats what is not answered within three seconds
  if (!webhookTrigger('payload.event.type == "app_mention"')) return `ignored ${payload.event?.type}`;

  console.log(`mentioned by ${payload.event.user}: ${payload.event.text}`);
  return "mention noted";
};

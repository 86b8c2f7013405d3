// The address of a pipeline's webhook.

/** Below the server's own address; a slash of the id stays one, everything else is percent-encoded. */
export function webhookPath(id: string): string {
  return `/api/webhooks/${id.split("/").map(encodeURIComponent).join("/")}`;
}

/** `baseUrl`: how the server is reached, with or without a slash at its end. */
export function webhookUrl(baseUrl: string, id: string): string {
  return baseUrl.replace(/\/+$/, "") + webhookPath(id);
}

// Answers of the API: JSON that no cache keeps and no browser takes for something else.

export const apiHeaders = { "cache-control": "no-store", "x-content-type-options": "nosniff" } as const;

export function jsonResponse(value: unknown, status = 200, headers?: Readonly<Record<string, string>>): Response {
  const body = JSON.stringify(value);
  return new Response(body, { status, headers: { ...apiHeaders, "content-type": "application/json", ...headers } });
}

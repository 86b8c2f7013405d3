// An address as it may be shown: without user, password, query and fragment, which hold secrets.

const maxShownLength = 200;

export function showAddress({ url, urlIsSecret }: { readonly url: string; readonly urlIsSecret?: boolean }): string {
  const parsed = URL.parse(url);
  if (parsed === null) return "an address that is none";
  return (parsed.origin + (urlIsSecret ? "/…" : parsed.pathname)).slice(0, maxShownLength);
}

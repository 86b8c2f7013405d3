// Whether who asks wants to see a page: a person's browser, as opposed to a program.

export function acceptsHtml({ headers }: Request): boolean {
  return /\btext\/html\b/i.test(headers.get("accept") ?? "");
}

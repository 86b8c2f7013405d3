// Names of approvals and signals: they stand in addresses and command lines.

const pattern = /^[^\p{Cc}\p{Cs}]{1,100}$/u;

/** One to 100 characters, none of them a control character; no name that an address takes for a folder. */
export function isNewsName(name: string): boolean {
  return pattern.test(name) && name !== "." && name !== "..";
}

/** The longest text that goes with an approval: its message, or the comment on a decision. */
export const maxNewsText = 4000;

/** The longest name of who decides. */
export const maxDeciderName = 100;

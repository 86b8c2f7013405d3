// A mail and the way it goes.

/** `tls` from the first byte, `starttls` or not at all, or neither. */
export const mailSecurities = ["tls", "starttls", "none"] as const;
export type MailSecurity = (typeof mailSecurities)[number];

export interface MailServer {
  readonly host: string;
  readonly port: number;
  readonly security: MailSecurity;
  /** Absent: without logging in. */
  readonly login?: { readonly user: string; readonly password: string };
  /** Certificates to believe as PEM; absent: those that the system believes. */
  readonly ca?: string;
}

export interface Mail {
  readonly server: MailServer;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  /** Without angle brackets: the same for each attempt. */
  readonly messageId: string;
}

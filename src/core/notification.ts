// What a target is told: a few words for a person, made of an event or written by a script.

export const notificationLevels = ["info", "success", "warning", "error"] as const;
export type NotificationLevel = (typeof notificationLevels)[number];

export interface Notification {
  /** One line; "" where there is none. */
  readonly title: string;
  readonly message: string;
  readonly level: NotificationLevel;
  /** An address to open, as {@link isLink} says; null: none. */
  readonly link: string | null;
}

/** In UTF-16 units: of what a script writes. Each target has its own limits besides. */
export const maxNotification = { message: 30_000, title: 1000, link: 2000 } as const;

/** Of http or https, without what is a mark to a service: where Slack takes links, `<!channel>` calls everybody. */
export function isLink(text: string): boolean {
  return text.length <= maxNotification.link && /^https?:\/\/[^\s<>|\p{Cc}]+$/iu.test(text);
}

const longestTargetName = 64;

/** As in `[targets.NAME]`. Events that are addressed to an endpoint alone have its id, `ep_…`, in the same place. */
export function isTargetName(name: string): boolean {
  return name.length <= longestTargetName && /^(?!ep_)[A-Za-z][\w-]*$/.test(name);
}

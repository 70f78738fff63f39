/** Mail by SMTP. */
import { createTransport } from 'nodemailer';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** Its Message-ID up to the sender's domain. A mail that is sent twice has the same one, by which mailboxes recognise it. */
  readonly id: string;
}

export interface MailSender {
  /** Throws when the server did not accept it. */
  readonly send: (mail: Mail) => Promise<void>;
  readonly close: () => void;
}

const TIMEOUT_MS = 10_000;

/** A few connections are kept for further mails; they are opened when they are needed. @param url `smtp://user:password@host:587` or `smtps://…` */
export function openMail(url: string, from: string): MailSender {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: 4,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = /@([^\s>]+)/.exec(from)?.[1] ?? 'localhost';
  return {
    send: async ({ id, ...mail }) => void (await transport.sendMail({ from, ...mail, messageId: `<${id}@${domain}>` })),
    close: () => transport.close(),
  };
}

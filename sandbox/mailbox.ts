/** Receives the platform's mails by SMTP. The newest are kept in memory. */
import type { AddressInfo } from 'node:net';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { Kept } from './kept.js';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly messageId: string | null;
  /** The text of the mail; empty where it has none. */
  readonly text: string;
  /** The whole message as received. */
  readonly raw: string;
  readonly at: string;
}

const MAILS_MAX = 1_000;
const MAILS_BYTES_MAX = 64 * 1024 * 1024;
const MAIL_BYTES_MAX = 1024 * 1024;
const CLIENTS_MAX = 100;

export class Mailbox {
  private readonly mails = new Kept<Mail>(MAILS_MAX, MAILS_BYTES_MAX);

  /** Oldest first. */
  read(): readonly Mail[] {
    return this.mails.read();
  }

  reset(): void {
    this.mails.reset();
  }

  /** Opens the SMTP port, without sign-in and encryption. @returns the port, and a function that closes it */
  async listen(host: string, port: number): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      size: MAIL_BYTES_MAX,
      maxClients: CLIENTS_MAX,
      closeTimeout: 100,
      logger: false,
      onData: (stream, session, done) => {
        const parts: Buffer[] = [];
        stream.on('data', (part: Buffer) => {
          if (!stream.sizeExceeded) parts.push(part);
        });
        stream.on('error', done);
        stream.on('end', () => {
          if (stream.sizeExceeded)
            return done(Object.assign(new Error('The mail is too large.'), { responseCode: 552 }));
          const { mailFrom, rcptTo } = session.envelope;
          const from = mailFrom === false ? '' : mailFrom.address;
          const to = rcptTo.map(({ address }) => address);
          this.keep(from, to, Buffer.concat(parts)).then(() => done(), done);
        });
      },
    });
    server.on('error', () => undefined); // the client has disconnected
    await new Promise<void>((resolve, reject) => {
      server.server.once('error', reject);
      server.listen(port, host, () => resolve());
    });
    return {
      port: (server.server.address() as AddressInfo).port,
      close: () => new Promise((resolve) => server.close(() => resolve())),
    };
  }

  private async keep(from: string, to: readonly string[], raw: Buffer): Promise<void> {
    const { subject = '', messageId = null, text = '' } = await PostalMime.parse(raw);
    const at = new Date().toISOString();
    this.mails.add({ from, to, subject, messageId, text, raw: raw.toString('utf8'), at }, raw.length * 2);
  }
}

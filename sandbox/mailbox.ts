/** What the platform sends to people: mails, which come by SMTP, and messages for Slack. The newest are kept, in memory. */
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly messageId: string | null;
  /** The whole message as it came. */
  readonly raw: string;
  readonly at: string;
}

const KEPT_MAX = 1_000;
const MAIL_BYTES_MAX = 1024 * 1024;

export class Mailbox {
  private mails: Mail[] = [];

  read(): readonly Mail[] {
    return this.mails;
  }

  reset(): void {
    this.mails = [];
  }

  /** Opens the SMTP port: no sign-in, no encryption. @returns the port, and what closes it */
  async listen(host: string, port: number): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      size: MAIL_BYTES_MAX,
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
          const raw = Buffer.concat(parts).toString('utf8');
          this.keep({
            from: mailFrom === false ? '' : mailFrom.address,
            to: rcptTo.map(({ address }) => address),
            subject: subjectOf(raw),
            messageId: headerOf(raw, 'message-id') ?? null,
            raw,
            at: new Date().toISOString(),
          });
          done();
        });
      },
    });
    server.on('error', () => undefined); // a client that breaks off
    await new Promise<void>((resolve, reject) => {
      server.server.once('error', reject);
      server.listen(port, host, () => resolve());
    });
    return {
      port: (server.server.address() as AddressInfo).port,
      close: () => new Promise((resolve) => server.close(() => resolve())),
    };
  }

  private keep(mail: Mail): void {
    if (this.mails.length >= KEPT_MAX) this.mails.shift();
    this.mails.push(mail);
  }
}

/** The value of a header, its lines joined. */
function headerOf(raw: string, name: string): string | undefined {
  const head = raw.split(/\r?\n\r?\n/, 1)[0] ?? '';
  const lines = head.replaceAll(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
  const line = lines.find((one) => one.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}

/** The subject as people read it: its encoded words (RFC 2047) decoded. */
const subjectOf = (raw: string): string =>
  (headerOf(raw, 'subject') ?? '')
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_all, form: string, text: string) =>
      form.toLowerCase() === 'b' ? Buffer.from(text, 'base64').toString('utf8') : fromQuoted(text),
    );

const fromQuoted = (text: string): string =>
  Buffer.from(
    text
      .replaceAll('_', ' ')
      .replaceAll(/=([0-9A-F]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString('utf8');

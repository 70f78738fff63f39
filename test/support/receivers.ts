/** The outside world of notifications: a mail server and a server that takes Slack's webhooks, both real. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

export interface ReceivedMail {
  readonly to: readonly string[];
  /** The whole message with its head. */
  readonly message: string;
}

export interface MailReceiver {
  readonly url: string;
  readonly mails: readonly ReceivedMail[];
  /** Mails to this address are refused; null: none. */
  refuse: (address: string | null) => void;
  readonly stop: () => Promise<void>;
}

export async function startMailReceiver(): Promise<MailReceiver> {
  const mails: ReceivedMail[] = [];
  let refused: string | null = null;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onRcptTo: ({ address }, _session, done) =>
      done(address === refused ? Object.assign(new Error('no such mailbox'), { responseCode: 550 }) : null),
    onData: (stream, session, done) => {
      text(stream).then((message) => {
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), message });
        done();
      }, done);
    },
  });
  server.on('error', () => undefined); // a client that is killed
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as { port: number };
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    refuse: (address) => {
      refused = address;
    },
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

export interface SlackReceiver {
  readonly url: string;
  readonly texts: readonly string[];
  /** What it answers from now on. */
  answer: (status: number) => void;
  readonly stop: () => Promise<void>;
}

export async function startSlackReceiver(): Promise<SlackReceiver> {
  const texts: string[] = [];
  let status = 200;
  const server = createServer(async (req, res) => {
    const body = await text(req);
    if (status === 200) texts.push((JSON.parse(body) as { text: string }).text);
    res.writeHead(status).end('ok');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/services/secret`,
    texts,
    answer: (next) => {
      status = next;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

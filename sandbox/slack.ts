/** Slack's incoming webhooks: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks. The newest messages are kept, in memory. */
import { Router, urlencoded } from 'express';
import * as z from 'zod';
import { Kept } from './kept.js';

export interface SlackMessage {
  readonly text: string;
  /** The whole message as received, with its blocks. */
  readonly message: Readonly<Record<string, unknown>>;
  readonly at: string;
}

const messageSchema = z.looseObject({
  text: z.string().default(''),
  blocks: z.array(z.unknown()).optional(),
  attachments: z.array(z.unknown()).optional(),
});

const MESSAGES_MAX = 1_000;
const MESSAGES_BYTES_MAX = 16 * 1024 * 1024;
const MESSAGE_BYTES_MAX = '64kb';

export class Slack {
  private readonly messages = new Kept<SlackMessage>(MESSAGES_MAX, MESSAGES_BYTES_MAX);

  /** Oldest first. */
  read(): readonly SlackMessage[] {
    return this.messages.read();
  }

  reset(): void {
    this.messages.reset();
  }

  /** Takes a message. @returns Slack's text for one that it refuses */
  take(body: unknown): 'invalid_payload' | 'no_text' | undefined {
    const read = messageSchema.safeParse(body);
    if (!read.success) return 'invalid_payload';
    const { text, blocks = [], attachments = [] } = read.data;
    if (text === '' && blocks.length === 0 && attachments.length === 0) return 'no_text';
    const bytes = JSON.stringify(body).length;
    this.messages.add({ text, message: body as Record<string, unknown>, at: new Date().toISOString() }, bytes);
    return undefined;
  }
}

export function slackRoutes(slack: Slack): Router {
  const routes = Router();
  routes.get('/sandbox/slack', (_req, res) => void res.json(slack.read()));
  routes.post('/slack', urlencoded({ extended: false, limit: MESSAGE_BYTES_MAX }), (req, res) => {
    const refused = slack.take(typeof req.body?.payload === 'string' ? fromForm(req.body.payload) : req.body);
    res
      .status(refused === undefined ? 200 : 400)
      .type('text')
      .send(refused ?? 'ok');
  });
  return routes;
}

/** Slack also takes the message as the field `payload` of a form. */
function fromForm(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}

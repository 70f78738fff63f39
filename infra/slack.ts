/** Messages to a Slack channel by its incoming webhook. */
import { request } from 'undici';

const TIMEOUT_MS = 10_000;

/** Posts a message. Throws when it was not taken. The address is a secret: it is in no message of an error. */
export async function postToSlack(webhookUrl: string, text: string, signal: AbortSignal): Promise<void> {
  const { statusCode, body } = await request(webhookUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    signal,
  });
  await body.dump();
  if (statusCode < 200 || statusCode > 299) throw new Error(`Slack answered ${statusCode}`);
}

/** Messages that are posted to an outside address. The address is a secret, so no error message has it. */

const TIMEOUT_MS = 10_000;

/** Posts JSON. Throws when it was not accepted. @param receiver the name of the receiver in errors */
export async function postJson(
  receiver: string,
  url: string,
  document: object,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  // A large package, loaded with the first message. In the bundle it has its default export alone.
  const { default: undici } = await import('undici');
  const { statusCode, body } = await undici.request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(document),
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    signal,
  });
  await body.dump();
  if (statusCode < 200 || statusCode > 299) throw new Error(`${receiver} answered ${statusCode}`);
}

/** Posts a message in Slack's format: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks. Throws when it was not accepted. */
export const postToSlack = (url: string, text: string, signal: AbortSignal): Promise<void> =>
  postJson('Slack', url, { text: escapeForSlack(text) }, signal);

/** The three signs that Slack reads as markup of its own, such as `<!channel>`: https://docs.slack.dev/messaging/formatting-message-text. */
const escapeForSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

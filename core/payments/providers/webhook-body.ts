/** The body of a webhook as JSON; undefined when it is not JSON. */
export function parsedWebhook(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

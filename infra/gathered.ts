/** Work that calls of one turn of the event loop share: one statement for all of them instead of one for each. */

interface Waiting<Ask, Answer> {
  readonly ask: Ask;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers the calls of one turn of the event loop and answers them together. The work begins after all of them came, so none is answered with data
 * from before the call.
 * @param work gives the answers in the order of the asks; when it throws, all of them fail
 * @param asksMax the most calls of one piece of work; more calls become several pieces
 */
export function gathered<Ask, Answer>(
  work: (asks: readonly Ask[]) => Promise<readonly Answer[]>,
  asksMax = 200,
): (ask: Ask) => Promise<Answer> {
  let waiting: Waiting<Ask, Answer>[] = [];
  const carryOut = async (batch: readonly Waiting<Ask, Answer>[]): Promise<void> => {
    try {
      const answers = await work(batch.map(({ ask }) => ask));
      for (const [i, { resolve }] of batch.entries()) resolve(answers[i] as Answer);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };
  const carryOutAll = (): void => {
    const all = waiting;
    waiting = [];
    for (let at = 0; at < all.length; at += asksMax) void carryOut(all.slice(at, at + asksMax));
  };
  return (ask) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(carryOutAll);
      waiting.push({ ask, resolve, reject });
    });
}

/** A duty: a small named job that is repeated, such as deleting old rows. */
import type { CatalogueCache } from '../../core/catalogue/catalogue-cache.js';
import type { Consumer } from '../../core/outbox/consumer.js';
import type { PaymentProviders } from '../../core/payments/payment-step.js';
import type { PayoutProvider } from '../../core/payouts/providers/provider.js';
import type { Config } from '../../infra/config.js';
import type { Db } from '../../infra/database.js';

/** The context of every duty. */
export interface UpkeepContext {
  readonly db: Db;
  readonly config: Config;
  readonly log: (level: 'info' | 'warn' | 'error', fields: object, message: string) => void;
  /** The channels of alarms; empty where this process has none and leaves the messages to others. */
  readonly alarmConsumers: readonly Consumer[];
  /** When aborted, the duty ends after the batch in hand: the process has to stop, the lease is lost, or the time is over. */
  readonly signal: AbortSignal;
}

/** The context of a runner's duty. */
export interface DutyContext extends UpkeepContext {
  /** For evicting pages that a change of the catalogue makes wrong. */
  readonly catalogue: CatalogueCache;
  /** The payment providers that are configured. */
  readonly providers: PaymentProviders;
  /** The payout providers, by name. */
  readonly payoutProviders: ReadonlyMap<string, PayoutProvider>;
}

export interface Duty<Context extends UpkeepContext = DutyContext> {
  /** At most 27 characters; stored, and a label of the metrics. */
  readonly name: string;
  /** From one success to the next (ms). */
  readonly everyMs: number;
  /**
   * Does the waiting work in batches, each of them a short transaction, and returns how many rows it handled. One process at a time does
   * it, but a frozen one may wake up beside its successor: its writes must be right then, too.
   */
  readonly run: (context: Context) => Promise<number>;
}

/** Runs `batch` until it handles fewer rows than it may, at most `batchesMax` times. The rest waits for the next time. */
export async function inBatches(
  signal: AbortSignal,
  { rowsMax, batchesMax }: { readonly rowsMax: number; readonly batchesMax: number },
  batch: (rowsMax: number) => Promise<number>,
): Promise<number> {
  let total = 0;
  for (let count = 0; count < batchesMax && !signal.aborted; count += 1) {
    const rows = await batch(rowsMax);
    total += rows;
    if (rows < rowsMax) break;
  }
  return total;
}

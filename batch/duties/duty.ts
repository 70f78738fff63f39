/** A duty: a small named job that comes round again, such as throwing away what is too old. */
import type { CatalogueCache } from '../../core/catalogue/catalogue-cache.js';
import type { Consumer } from '../../core/outbox/consumer.js';
import type { PaymentProviders } from '../../core/payments/payment-step.js';
import type { PayoutProvider } from '../../core/payouts/providers/provider.js';
import type { Config } from '../../infra/config.js';
import type { Db } from '../../infra/database.js';

/** What every duty gets. */
export interface UpkeepContext {
  readonly db: Db;
  readonly config: Config;
  readonly log: (level: 'info' | 'warn' | 'error', fields: object, message: string) => void;
  /** The channels of alarms; none where this process has no channel and leaves the messages to others. */
  readonly alarmConsumers: readonly Consumer[];
  /** Aborted: end after the batch in hand. The process is to stop, the lease is lost, or the time is up. */
  readonly signal: AbortSignal;
}

/** What a duty of a runner gets. */
export interface DutyContext extends UpkeepContext {
  /** To evict what a change of the catalogue makes wrong. */
  readonly catalogue: CatalogueCache;
  /** The payment providers that are configured. */
  readonly providers: PaymentProviders;
  /** Those that pay sellers, by name. */
  readonly payoutProviders: ReadonlyMap<string, PayoutProvider>;
}

export interface Duty<Context extends UpkeepContext = DutyContext> {
  /** At most 27 characters; stored, and a label of the metrics. */
  readonly name: string;
  /** From one success to the next (ms). */
  readonly everyMs: number;
  /**
   * Does what there is to do, in batches that each are a short transaction, and returns how many rows it dealt with. One process at a time does
   * it, but a frozen one may wake up beside its successor: what it writes must be right then, too.
   */
  readonly run: (context: Context) => Promise<number>;
}

/** Runs `batch` until it deals with fewer rows than it may, at most `batchesMax` times. What is left waits for the next time. */
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

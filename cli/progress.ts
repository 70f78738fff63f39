/** The progress of a long command, on standard error. */
import cliProgress from 'cli-progress';
import { type Outage, outageWords } from '../infra/survive-outage.js';
import { count, note } from './output.js';

export interface Progress {
  /** Entries done so far, and their total number once it is known. */
  update(done: number, total?: number): void;
  /** The database is away and the work is being tried again; undefined: it is back. */
  outage(outage: Outage | undefined): void;
  stop(): void;
}

/** A live bar with rate and time left on a terminal; elsewhere a plain line every few seconds. */
export function startProgress(label: string, unit: string, stream: NodeJS.WriteStream = process.stderr): Progress {
  return stream.isTTY ? barProgress(label, unit, stream) : lineProgress(label, unit);
}

const outageText = ({ code, leftMs }: Outage): string =>
  `${outageWords[code]}, trying again for ${Math.ceil(leftMs / 1_000)} s more`;

/** Entries a second since the first report: earlier work and the time of the start say nothing about the rate. */
class Rate {
  private first: { readonly at: number; readonly done: number } | undefined;

  /** Measures from the next report on: the time of an outage says nothing about the rate either. */
  restart(): void {
    this.first = undefined;
  }

  /** Undefined until there is something to compare with. */
  of(done: number): number | undefined {
    const now = performance.now();
    this.first ??= { at: now, done };
    return now === this.first.at ? undefined : ((done - this.first.done) * 1_000) / (now - this.first.at);
  }
}

function barProgress(label: string, unit: string, stream: NodeJS.WriteStream): Progress {
  let away: Outage | undefined;
  const rate = new Rate();
  const bar = new cliProgress.SingleBar({
    stream,
    format: (options, { progress, value, total, eta }, { rate }) => {
      if (away !== undefined) return `${label}: ${outageText(away)}`;
      const left = cliProgress.Format.TimeFormat(eta, options, 5);
      return `${label} ${cliProgress.Format.BarFormat(progress, options)} ${Math.floor(progress * 100)}%  ${value}/${total} ${unit}  ${rate}/s  ${left} left`;
    },
    hideCursor: true,
    clearOnComplete: true,
    etaBuffer: 30,
    fps: 8,
  });
  let running = false;
  const start = (done: number, total: number): void => {
    if (!running) bar.start(total, done, { rate: '0' });
    running = true;
  };
  return {
    update(done, total) {
      away = undefined;
      start(done, total ?? done);
      if (total !== undefined) bar.setTotal(total);
      bar.update(done, { rate: count(Math.round(rate.of(done) ?? 0)) });
    },
    outage(outage) {
      away = outage;
      rate.restart();
      start(0, 0);
      bar.render();
    },
    stop: () => running && bar.stop(),
  };
}

/** Milliseconds between two lines. */
const LINE_MS = 2_000;
const OUTAGE_LINE_MS = 10_000;

function lineProgress(label: string, unit: string): Progress {
  const rate = new Rate();
  let printedAt = performance.now();
  let outageToldAt = Number.NEGATIVE_INFINITY;
  return {
    update(done, total) {
      const perSecond = rate.of(done);
      if (perSecond === undefined || performance.now() - printedAt < LINE_MS) return;
      printedAt = performance.now();
      const left = total === undefined || perSecond === 0 ? '' : `, ${Math.ceil((total - done) / perSecond)} s left`;
      note(
        `${label}: ${count(done)}${total === undefined ? '' : ` of ${count(total)}`} ${unit}, ${count(Math.round(perSecond))}/s${left}`,
      );
    },
    outage(outage) {
      rate.restart();
      if (outage === undefined) {
        // Several parts of one command may each say that the same outage is over.
        if (outageToldAt === Number.NEGATIVE_INFINITY) return;
        outageToldAt = Number.NEGATIVE_INFINITY;
        printedAt = performance.now();
        note(`${label}: database back`);
      } else if (performance.now() - outageToldAt >= OUTAGE_LINE_MS) {
        outageToldAt = performance.now();
        note(`${label}: ${outageText(outage)}`);
      }
    },
    stop: () => undefined,
  };
}

/** How far a long command is, on standard error. */
import { SingleBar } from 'cli-progress';
import { count, note } from './output.js';

export interface Progress {
  /** Entries done so far, and of how many if that is known by now. */
  update(done: number, total?: number): void;
  stop(): void;
}

/** A live bar with rate and time left on a terminal; elsewhere a plain line every few seconds. */
export function startProgress(label: string, unit: string): Progress {
  return process.stderr.isTTY ? barProgress(label, unit) : lineProgress(label, unit);
}

function barProgress(label: string, unit: string): Progress {
  const bar = new SingleBar({
    stream: process.stderr,
    format: `${label} {bar} {percentage}%  {value}/{total} ${unit}  {rate}/s  {eta_formatted} left`,
    hideCursor: true,
    clearOnComplete: true,
    etaBuffer: 30,
    fps: 8,
  });
  const started = performance.now();
  let running = false;
  return {
    update(done, total) {
      const rate = count(Math.round((done * 1000) / Math.max(1, performance.now() - started)));
      if (!running) bar.start(total ?? done, done, { rate });
      running = true;
      if (total !== undefined) bar.setTotal(total);
      bar.update(done, { rate });
    },
    stop: () => running && bar.stop(),
  };
}

function lineProgress(label: string, unit: string): Progress {
  let first: { at: number; done: number } | undefined;
  let printedAt = performance.now();
  return {
    update(done, total) {
      const now = performance.now();
      first ??= { at: now, done }; // what was done before, or needed a start, says nothing about the rate
      if (now - printedAt < 2_000 || now === first.at) return;
      printedAt = now;
      const rate = ((done - first.done) * 1000) / (now - first.at);
      const left = total === undefined || rate === 0 ? '' : `, ${Math.ceil((total - done) / rate)} s left`;
      note(
        `${label}: ${count(done)}${total === undefined ? '' : ` of ${count(total)}`} ${unit}, ${count(Math.round(rate))}/s${left}`,
      );
    },
    stop: () => undefined,
  };
}

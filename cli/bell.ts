/** Waits that end early when the bell rings or the process is told to stop. */
export class Bell {
  private readonly waiting = new Set<() => void>();

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', this.ring);
  }

  ring = (): void => {
    for (const wake of this.waiting) wake();
  };

  wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.waiting.add(wake);
    });
}

/** One piece of work at a time for each name, shared by its callers. */
export class Flights<T> {
  private readonly running = new Map<string, Promise<T>>();
  private readonly next = new Map<string, Promise<T>>();

  /** Joins the work under way for the name, or begins it. */
  shared(name: string, work: () => Promise<T>): Promise<T> {
    const running = this.running.get(name);
    if (running !== undefined) return running;
    const begun = work().finally(() => {
      if (this.running.get(name) === begun) this.running.delete(name);
    });
    this.running.set(name, begun);
    return begun;
  }

  /**
   * Like `shared`, but never joins work that began before the call: callers that come meanwhile wait for its end and share the next one. So the data
   * that it reads cannot be older than the call.
   */
  fresh(name: string, work: () => Promise<T>): Promise<T> {
    const running = this.running.get(name);
    if (running === undefined) return this.shared(name, work);
    const waiting = this.next.get(name);
    if (waiting !== undefined) return waiting;
    const begin = (): Promise<T> => {
      this.next.delete(name);
      return this.shared(name, work);
    };
    const next = running.then(begin, begin);
    this.next.set(name, next);
    return next;
  }
}

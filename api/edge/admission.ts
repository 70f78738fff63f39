/**
 * How many calls one server carries out at once. A call beyond that number is refused at once, which costs almost nothing, so that the others are answered in time. Without a
 * limit all of them would become slow.
 */
import { MagamError } from '../../kernel/errors.js';

/** Essential calls have this share of extra places when the others are taken. */
const RESERVE = 0.1;

export class Admission {
  private calls = 0;

  constructor(private readonly max: number) {}

  /** The calls that are being carried out. */
  get inFlight(): number {
    return this.calls;
  }

  /** Takes a place. @returns a function that gives it back; calling it twice does no harm. Throws SERVER_BUSY. */
  enter(essential: boolean): () => void {
    if (this.calls >= this.max + (essential ? Math.ceil(this.max * RESERVE) : 0)) throw new MagamError('SERVER_BUSY');
    this.calls += 1;
    let held = true;
    return () => {
      if (held) this.calls -= 1;
      held = false;
    };
  }
}

/**
 * How many calls one server carries out at once. One too many is refused at once and costs next to nothing, so that those in hand are answered in
 * time; without a limit all of them would become slow together.
 */
import { MagamError } from '../../kernel/errors.js';

/** What is essential finds this share of further places when the others are taken. */
const RESERVE = 0.1;

export class Admission {
  private calls = 0;

  constructor(private readonly max: number) {}

  /** Calls in hand. */
  get inFlight(): number {
    return this.calls;
  }

  /** Takes a place. @returns gives it back; more than once does no harm. Throws SERVER_BUSY. */
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

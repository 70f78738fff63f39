/** SHA-256 in lower-case hex. */
import { createHash, type Hash, hash } from 'node:crypto';

/** In one call, which takes half the time of a hash object for short texts. */
export const sha256 = (data: string | Uint8Array): string => hash('sha256', data, 'hex');

/** A hash that is fed piece by piece; `digestSoFar` leaves it open. */
export class RunningSha256 {
  private hash: Hash = createHash('sha256');

  update(data: Uint8Array): void {
    this.hash.update(data);
  }

  digestSoFar(): string {
    return this.hash.copy().digest('hex');
  }

  /** An independent copy, so that the input of a rolled-back transaction can be dropped. */
  fork(): RunningSha256 {
    const copy = new RunningSha256();
    copy.hash = this.hash.copy();
    return copy;
  }
}

/** Random numbers that are the same for the same seed (mulberry32). */
export class Draws {
  /** @param {number} seed */
  constructor(seed) {
    this.state = seed >>> 0;
  }

  /** A number in [0, 1). */
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /**
   * A whole number from `min` to `max`.
   * @param {number} min
   * @param {number} max
   */
  between(min, max) {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /**
   * True once in `n` times.
   * @param {number} n
   */
  oneIn(n) {
    return this.between(1, n) === 1;
  }

  /**
   * @template T
   * @param {readonly T[]} choices
   * @returns {T}
   */
  pick(choices) {
    return /** @type {T} */ (choices[this.between(0, choices.length - 1)]);
  }

  /**
   * One of several, each as often as its weight says.
   * @template {{ readonly weight: number }} T
   * @param {readonly T[]} choices
   * @returns {T}
   */
  weighted(choices) {
    let left = this.between(
      1,
      choices.reduce((sum, { weight }) => sum + weight, 0),
    );
    for (const choice of choices) {
      left -= choice.weight;
      if (left <= 0) return choice;
    }
    throw new Error('there is nothing to choose from');
  }
}

/** The statements in what a client of the database sends. */

const COM_QUERY = 3;

/** Finds the statements in the client's stream, however the packets are cut up on their way. */
export class ClientPackets {
  /** Bytes of the packet in hand that are still to come. */
  #left = 0;
  #header = Buffer.alloc(0);
  #head = Buffer.alloc(0);
  #expectsHead = false;

  /**
   * @param {Buffer} data
   * @returns {string[]} the statements whose beginning is in this data
   */
  add(data) {
    const statements = [];
    for (let at = 0; at < data.length; ) {
      if (this.#left === 0) {
        const take = Math.min(4 - this.#header.length, data.length - at);
        this.#header = Buffer.concat([this.#header, data.subarray(at, at + take)]);
        at += take;
        if (this.#header.length < 4) continue;
        this.#left = this.#header.readUIntLE(0, 3);
        this.#expectsHead = this.#header[3] === 0; // sequence 0: a command begins
        this.#head = Buffer.alloc(0);
        this.#header = Buffer.alloc(0);
        continue;
      }
      const part = data.subarray(at, at + this.#left);
      if (this.#expectsHead) {
        this.#head = Buffer.concat([this.#head, part.subarray(0, 201 - this.#head.length)]);
        if (this.#head.length === 201 || this.#left === part.length) {
          this.#expectsHead = false;
          if (this.#head[0] === COM_QUERY) statements.push(statementIn(this.#head));
        }
      }
      this.#left -= part.length;
      at += part.length;
    }
    return statements;
  }
}

/**
 * The text of a COM_QUERY. On MySQL the counts of query attributes (none, in one set) stand before it.
 * @param {Buffer} payload
 */
const statementIn = (payload) => payload.toString('latin1', payload[1] === 0 && payload[2] === 1 ? 3 : 1);

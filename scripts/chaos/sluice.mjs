/** The common part of a proxy's connections: all of them can be cut, kept out, or frozen for a while. */

/** @typedef {import('node:net').Socket} Socket */

export class Sluice {
  /** @type {Set<Socket>} */
  #sockets = new Set();
  #down = false;
  #frozen = false;
  /**
   * The work to do after the thaw.
   * @type {(() => void)[]}
   */
  #held = [];

  /**
   * From here on it is cut and frozen with the others.
   * @param {Socket} socket
   */
  add(socket) {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  /**
   * Whether a new connection may come in now. One that comes while all is frozen is let in afterwards.
   * @param {Socket} client
   * @param {() => void} letIn
   */
  admits(client, letIn) {
    this.add(client);
    if (this.#down) client.destroy();
    else if (this.#frozen) {
      client.pause();
      this.#held.push(() => void (client.destroyed || letIn()));
    } else return true;
    return false;
  }

  /** Cuts every connection there is. */
  cutAll = () => {
    for (const socket of this.#sockets) socket.destroy();
  };

  /** Cuts them, and takes no others until `comeBack`. */
  goDown = () => {
    this.#down = true;
    this.cutAll();
  };

  comeBack = () => {
    this.#down = false;
  };

  /**
   * Nothing passes in either direction until `thaw`, and nothing is lost, as if the proxy were stopped.
   * @param {() => void} [afterwards] runs first after the thaw
   */
  freeze = (afterwards) => {
    this.#frozen = true;
    for (const socket of this.#sockets) socket.pause();
    if (afterwards !== undefined) this.#held.push(afterwards);
  };

  thaw = () => {
    this.#frozen = false;
    for (const goOn of this.#held.splice(0)) goOn();
    for (const socket of this.#sockets) socket.resume();
  };
}

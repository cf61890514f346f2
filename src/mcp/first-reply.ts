/** First reply: the time that the remote has to answer anything at all; hosts give up after 60 s and say nothing. */
export class FirstReply {
  readonly #milliseconds: number;
  readonly #onLate: () => void;
  #hasReply = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `onLate` is called `milliseconds` after a request was sent, as long as no answer to any has come. */
  constructor(milliseconds: number, onLate: () => void) {
    this.#milliseconds = milliseconds;
    this.#onLate = onLate;
  }

  /** A request was sent. */
  asked(): void {
    if (this.#hasReply || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#onLate();
    }, this.#milliseconds);
  }

  /** A request was answered by the remote. */
  answered(): void {
    this.#hasReply = true;
    this.stop();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

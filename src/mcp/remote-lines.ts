/**
 * Remote lines: the remote's stdout on its way to the host. A line leaves when it is complete and was judged a message;
 * everything else is shown to a person. A request whose answer cannot pass is answered, and so is the remote's own request
 * that cannot pass.
 */
import { batchWithout } from "./batch.ts";
import type { Conversation } from "./conversation.ts";
import type { Verdict } from "./envelope.ts";
import type { Envelope } from "./envelope-draft.ts";
import { append } from "./held-bytes.ts";
import { JsonLines, type Line } from "./json-lines.ts";
import { answerLine, type Reason } from "./messages.ts";
import { cutPrompt, NOISE_WARNING, shown } from "./noise.ts";

/** Where the remote's lines go. */
export interface RemoteLinesPorts {
  /** Takes the bytes of whole lines, which are valid until the next `push`. */
  readonly forward: (chunks: readonly Uint8Array[]) => void;
  /** Shows noise, printable. */
  readonly showNoise: (text: string) => void;
  /** Who hears lines before they are entered, and answers before they pass. */
  readonly listeners?: readonly RemoteListener[];
  /** Gives what passes in place of a line, before it is heard; absent where that is always the line. */
  readonly rename?: (line: RemoteLine) => RemoteLine;
  /** Takes a whole line of ours to the remote; false: there is no room for it. */
  readonly toRemote: (line: Uint8Array) => boolean;
  readonly warn: (text: string) => void;
  readonly debug: (text: string) => void;
}

/** A line that is a message, or a batch of them. */
export interface RemoteLine {
  readonly chunks: readonly Uint8Array[];
  readonly verdict: Verdict;
}

/** Hears what the remote says. */
export interface RemoteListener {
  /** True: the line is not for the host. */
  hear(chunks: readonly Uint8Array[], verdict: Verdict): boolean;
  /** What passes in place of an answer to the request with this key; undefined: the answer. */
  join(key: string, chunks: readonly Uint8Array[]): readonly Uint8Array[] | undefined;
}

const NEWLINE = 0x0a;
const newline: Uint8Array = Uint8Array.of(NEWLINE);

/** Judges one stdout: `push` each chunk, then `end`. */
export class RemoteLines {
  readonly #lines: JsonLines;
  readonly #limit: number;
  readonly #conversation: Conversation;
  readonly #ports: RemoteLinesPorts;
  #hasWarned = false;

  /** `limit`: the longest line, bytes. */
  constructor(limit: number, conversation: Conversation, ports: RemoteLinesPorts) {
    this.#lines = new JsonLines({ limit, beyond: "drop", isLent: true });
    this.#limit = limit;
    this.#conversation = conversation;
    this.#ports = ports;
  }

  /** Takes a chunk, valid until the next: all that it gave to forward must be out of our hands by then. */
  push(chunk: Uint8Array): void {
    const out: Uint8Array[] = [];
    this.#lines.split(chunk, (line) => {
      if (line.part === "line") this.#judge(line, out);
    });
    this.#ports.forward(out);
  }

  /** Takes what stands behind the last newline: it passes if it is a whole message, and gets its newline; half of one is no noise. */
  end(): void {
    const line = this.#lines.end();
    if (line === undefined) return;
    const out: Uint8Array[] = [];
    this.#judge(line, out);
    const last = out.at(-1);
    if (last !== undefined && last.at(-1) !== NEWLINE) out.push(newline); // what passes in its place may have one
    this.#ports.forward(out);
  }

  #judge(line: Line, out: Uint8Array[]): void {
    const { verdict, isWhole, length } = line;
    const isTooLong = !isWhole && length > this.#limit && verdict.envelopes.length > 0;
    if (isTooLong || verdict.isTooComplex) this.#refuse(line);
    else if (verdict.isMessage) this.#pass(line, out);
    else if (line.isCut)
      this.#ports.warn(cutText(length)); // it is the host's: nobody else is shown it
    else this.#repair(line, out);
  }

  #pass(line: RemoteLine, out: Uint8Array[]): void {
    const { listeners = [], rename } = this.#ports;
    const { chunks, verdict } = rename?.(line) ?? line;
    const takers = listeners.filter((listener) => listener.hear(chunks, verdict)); // all of them hear it
    if (takers.length > 0) return;
    const late = this.#conversation.enterRemote(verdict, chunks);
    if (late === 0) for (const chunk of joinedBy(listeners, chunks, verdict)) append(out, chunk);
    else {
      this.#ports.debug("a late answer of the remote's was dropped: its request had been answered in its name");
      if (late < verdict.envelopes.length) out.push(...this.#withoutLate(chunks, verdict));
    }
  }

  /** A batch with a late answer in it: the others pass, their bytes unchanged. */
  #withoutLate(chunks: readonly Uint8Array[], { envelopes }: Verdict): Uint8Array[] {
    return batchWithout(chunks, (index) => {
      const envelope = envelopes[index];
      return envelope !== undefined && !this.#conversation.isLate(envelope);
    });
  }

  #repair(line: Line, out: Uint8Array[]): void {
    const repaired = cutPrompt(line);
    if (repaired === undefined) {
      this.#noise(shown(line.chunks, line.length));
      return;
    }
    this.#noise(shown([repaired.noise], repaired.noise.length));
    this.#pass({ chunks: [repaired.message], verdict: repaired.verdict }, out);
  }

  #noise(text: string): void {
    this.#ports.showNoise(text);
    if (!this.#hasWarned) this.#ports.warn(NOISE_WARNING);
    this.#hasWarned = true;
  }

  #refuse(line: Line): void {
    const { verdict } = line;
    const requests = verdict.envelopes.filter(({ kind }) => kind === "request");
    const isAsking = requests.length === verdict.envelopes.length;
    const why = this.#refusal(line, isAsking ? "request" : requests.length > 0 ? "batch" : "answer");
    const answered = this.#conversation.replaceAnswers(verdict, why);
    const refused = requests.filter((request) => this.#answerRemote(request, why)).length;
    const outcomes = [
      ...(answered > 0 ? ["its request was answered with an error"] : []),
      ...(refused > 0 ? ["the server was answered with an error"] : []),
      ...(refused < requests.length ? ["the server could not be answered"] : []),
    ];
    const outcome = outcomes.length > 0 ? outcomes.join(", ") : "it answers no request that is known";
    this.#ports.warn(`${why.text}; it was dropped, ${outcome}`);
  }

  #refusal({ verdict, length }: Line, what: string): Reason {
    const head = `The remote's ${what} of ${length} bytes is`;
    if (verdict.isTooComplex) return { reason: "line-too-long", text: `${head} nested too deeply to pass` };
    return {
      reason: "line-too-long",
      text: `${head} longer than the ${this.#limit} that may pass (--max-line)`,
      details: { length, limit: this.#limit },
    };
  }

  /** The remote waits for an answer that the host cannot give. */
  #answerRemote({ id, method }: Envelope, why: Reason): boolean {
    return id !== undefined && this.#ports.toRemote(answerLine({ id, method, isSent: false }, why, []));
  }
}

function cutText(length: number): string {
  return `The remote's stdout ended in the middle of a message: the ${length} bytes that had come are dropped`;
}

function joinedBy(
  listeners: readonly RemoteListener[],
  chunks: readonly Uint8Array[],
  { envelopes }: Verdict,
): readonly Uint8Array[] {
  const [envelope] = envelopes;
  if (envelopes.length !== 1 || envelope?.kind !== "response" || envelope.id === undefined) return chunks;
  for (const listener of listeners) {
    const joined = listener.join(envelope.id.key, chunks);
    if (joined !== undefined) return joined;
  }
  return chunks;
}

/**
 * Config notes: what is not done as ssh's configuration says, in words for a person. Pure.
 */
import type { ConfigLine } from "./config-lines.ts";

/** What is not done as the files say, one for all lines of a file that it is the same with. */
export interface ConfigWarning {
  readonly text: string;
  /** False where it is the system's file that asks for what we do not do: no fault of the user's. */
  readonly isUsers: boolean;
}

/** What is not done as a line says, and how that is told: of one, and of several in a file. */
export interface Unfollowed {
  readonly what: string;
  readonly one: string;
  readonly several: string;
}

/** `note`: what is done instead. */
export function notSupported(note: string): Omit<Unfollowed, "what"> {
  return { one: `is not supported: ${note}`, several: `are not supported: ${note}` };
}

/** How many of one kind are named. */
const mostNamed = 20;

interface Note {
  readonly path: string;
  readonly isUsers: boolean;
  readonly words: Unfollowed;
  readonly numbers: Set<number>;
  readonly whats: Set<string>;
}

/** What is not followed, by file and words: what a distribution asks for in six lines is one warning. */
export class Notes {
  readonly #notes = new Map<string, Note>();

  add({ path, number }: ConfigLine, words: Unfollowed, isUsers: boolean): void {
    const key = `${path}: ${words.one}`;
    const note = this.#notes.get(key) ?? { path, isUsers, words, numbers: new Set(), whats: new Set() };
    note.numbers.add(number);
    note.whats.add(words.what);
    this.#notes.set(key, note);
  }

  get warnings(): readonly ConfigWarning[] {
    return [...this.#notes.values()].map(({ path, isUsers, words, numbers, whats }) => {
      const lines = `${path} line${numbers.size === 1 ? "" : "s"} ${listed(numbers)}`;
      return { text: `${lines}: ${listed(whats)} ${whats.size === 1 ? words.one : words.several}`, isUsers };
    });
  }
}

function listed(all: ReadonlySet<string | number>): string {
  const named = [...all].slice(0, mostNamed);
  return `${named.join(", ")}${all.size > named.length ? ", ..." : ""}`;
}

/** Scenario: one deviation, where it is known from, and what must come of it. */
import type { Family } from "./families.ts";
import type { Edit } from "./steps.ts";

export interface Scenario {
  /** Unique; a phrase that says who does what. */
  readonly name: string;
  /** A section of an RFC, a CVE, a paper, or a program whose bug it was. */
  readonly source: string;
  /** The script without the deviation: its control. */
  readonly family: Family;
  /** The deviation. */
  readonly edits: readonly Edit[];
  /** More flags for the command. */
  readonly flags?: readonly string[];
  /** What the host does besides saying its two lines; nothing unless given. */
  readonly host?: HostHabits;
  readonly expect: Ends | Succeeds | Stopped;
}

export interface HostHabits {
  /** How often it offers `moreOfHost`, 64 KiB, behind its lines. */
  readonly offers?: number;
  /** Milliseconds for which it reads neither our stdout nor our stderr. */
  readonly deafFor?: number;
  /** Milliseconds after which it closes our stdin, whatever it has heard. */
  readonly leavesAfter?: number;
  /** Milliseconds after which it sends SIGTERM. */
  readonly endsUsAfter?: number;
}

/** The client ends the connection, or sees that it has ended, and says so in one line. */
export interface Ends {
  /** A part of that line. */
  readonly ends: string;
  /** The reason of the DISCONNECT that the server gets; none: it gets no DISCONNECT. RFC 4253 §11.1. */
  readonly reason: number | "none";
  /** 1 unless given. */
  readonly exit?: number;
  /** Other lines of stderr, in order: a part of each. */
  readonly says?: readonly string[];
  /** Lines of stderr that come any number of times, once at least. */
  readonly floods?: RegExp;
}

/** All bytes of host and remote arrive as they were, and the command ends with 0. */
export interface Succeeds {
  readonly succeeds: true;
  readonly says?: readonly string[];
  readonly floods?: RegExp;
}

/** The host's signal ends the command, which says nothing but to whoever waits for an answer. */
export interface Stopped {
  /** The exit code. */
  readonly stopped: number;
  readonly floods?: RegExp;
}

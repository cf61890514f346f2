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
  readonly expect: Ends | Succeeds;
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
}

/** All bytes of host and remote arrive as they were, and the command ends with 0. */
export interface Succeeds {
  readonly succeeds: true;
  readonly says?: readonly string[];
}

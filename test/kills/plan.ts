/**
 * What is killed, and when: everything about a trial follows from a seed and its number, so that it can be repeated as
 * far as the machine allows.
 */
import { seeded } from "../mcp/cuts.ts";

export const victims = [
  /** sshd's process of the connection, where a lost link is the end. */
  "connection",
  /** The same, where we connect again. */
  "link",
  /** The same with the listener, which comes back after a while. */
  "sshd",
  "server",
  "shell",
  "login shell",
  "ourselves",
  "listener",
] as const;
export type Victim = (typeof victims)[number];

/** How many of 20 trials are of each. */
const weights: Readonly<Record<Victim, number>> = {
  connection: 4,
  link: 2,
  sshd: 1,
  server: 4,
  shell: 2,
  "login shell": 1,
  ourselves: 5,
  listener: 1,
};

/** What we exit with when that was killed, once it has answered. */
export const codes: Readonly<Record<Victim, number | null>> = {
  connection: 1,
  link: 0,
  sshd: 0,
  server: 137,
  shell: 137,
  "login shell": 137,
  ourselves: null,
  listener: 0,
};

export interface Plan {
  readonly seed: number;
  readonly trial: number;
  readonly victim: Victim;
  /** The kill comes after so many replies, and then so many milliseconds. Of no replies: from the start of our process. */
  readonly replies: number;
  readonly milliseconds: number;
  /** Calls in flight. */
  readonly inFlight: number;
  /** The longest text in a call and in an answer, in bytes. */
  readonly longest: number;
  /** Of as many answers one comes late. */
  readonly lateOne: number;
  /** How long sshd does not listen where it was killed, in milliseconds. */
  readonly absence: number;
}

export function planOf(seed: number, trial: number): Plan {
  const random = seeded(seed * 1_000_003 + trial);
  const victim = victimOf(trial);
  const isEarly = random() < 0.2 && victim !== "link" && victim !== "sshd"; // nothing is dialled again so early
  return {
    seed,
    trial,
    victim,
    replies: isEarly ? 0 : 1 + Math.floor(random() * 300),
    milliseconds: Math.floor(random() * (isEarly ? 500 : 20)),
    inFlight: 1 + Math.floor(64 * random() ** 2),
    longest: Math.floor(100_000 * random() ** 4),
    lateOne: 2 + Math.floor(random() * 10),
    absence: Math.floor(random() * 7_000),
  };
}

/** What a report says of it. */
export function describePlan({ seed, trial, victim, replies, milliseconds, inFlight, longest }: Plan): string {
  const moment = replies === 0 ? "" : ` after ${replies} replies`;
  const load = `${inFlight} in flight of up to ${longest} bytes`;
  return `${victim}${moment} at ${milliseconds} ms, ${load} (KILLS_SEED=${seed} KILLS_TRIAL=${trial})`;
}

/** By turns, so that few trials have some of each. */
function victimOf(trial: number): Victim {
  const deck = victims.flatMap((victim) => Array.from({ length: weights[victim] }, () => victim));
  return deck[(trial * 7) % deck.length] ?? "connection";
}

/**
 * The judge of a soak: what a process that is used for long may not do, by what was seen of it. Pure. The bounds are
 * generous: what they are to catch grows for as long as the run does.
 */

/** What Linux says of our process at one moment. */
export interface Sample {
  /** Since the start. */
  readonly second: number;
  /** What was going on. */
  readonly phase: string;
  /** Resident memory, bytes. */
  readonly resident: number;
  readonly descriptors: number;
  readonly threads: number;
}

/** All that was seen. */
export interface Run {
  /** In the order of their time. */
  readonly samples: readonly Sample[];
  /** The first seconds, of which memory is not judged. */
  readonly warmUp: number;
  /** Requests that were sent, the remote's answers, and our own answers to what was lost with a link. */
  readonly asked: number;
  readonly results: number;
  readonly errors: number;
  /** Links that were cut, and links that stood again. */
  readonly cuts: number;
  readonly restored: number;
  /** Key exchanges behind the first of each connection. */
  readonly rekeys: number;
  /** What was wrong with the answers, a sentence each. */
  readonly faults: readonly string[];
  readonly stderr: string;
}

const MIB = 2 ** 20;
/** That the lowest memory of a phase may be higher in the second half of the run than in the first. */
const GROWTH = 12 * MIB;
/** A phase that was played fewer times behind the warm-up says nothing of growth. */
const FEWEST_TURNS = 3;
/** That memory may be at any moment. The load tests hold us to 96 MiB; in minutes under load V8 was seen to take 126. */
const MOST = 160 * MIB;
/** Descriptors or threads that there may be more of in the last third than in the first. */
const MORE = 2;
/** Fewer samples say nothing. */
const FEWEST = 6;

/** What was wrong, a sentence each; none if all is well. */
export function judgeSoak(run: Run): readonly string[] {
  const samples = run.samples.filter(({ second }) => second >= run.warmUp);
  return [...run.faults, ...ofAnswers(run), ...ofStderr(run.stderr), ...ofSamples(samples)];
}

/**
 * Bytes by which memory has grown, like compared with like: of each phase the lowest of its turns in the second half of the
 * run, less that of the first half; of all phases the median. A turn's memory is its samples' median. V8 takes tens of MiB
 * and gives them back whenever it likes: a leak raises what it comes down to, a sawtooth does not. Undefined where no phase
 * was played often enough.
 */
export function growth(samples: readonly Pick<Sample, "phase" | "resident">[]): number | undefined {
  const rises = [...turnsOf(samples).values()].filter(({ length }) => length >= FEWEST_TURNS).map(rise);
  return rises.length === 0 ? undefined : median(rises);
}

/** The memory of each phase's turns, in order. */
function turnsOf(samples: readonly Pick<Sample, "phase" | "resident">[]): ReadonlyMap<string, readonly number[]> {
  const turns = new Map<string, number[]>();
  for (let from = 0, to = 0; from < samples.length; from = to) {
    const phase = samples[from]?.phase ?? "";
    while (samples[to]?.phase === phase) to++;
    const levels = turns.get(phase) ?? [];
    levels.push(median(samples.slice(from, to).map(({ resident }) => resident)));
    turns.set(phase, levels);
  }
  return turns;
}

function rise(levels: readonly number[]): number {
  const middle = Math.floor(levels.length / 2);
  return Math.min(...levels.slice(middle)) - Math.min(...levels.slice(0, middle));
}

function ofAnswers({ asked, results, errors, cuts, restored, rekeys }: Run): readonly string[] {
  const faults: string[] = [];
  if (results + errors !== asked) faults.push(`${asked} requests, but ${results} results and ${errors} errors`);
  if (results === 0) faults.push("the remote answered nothing");
  if (restored !== cuts) faults.push(`${cuts} links were cut, and ${restored} stood again`);
  if (cuts === 0) faults.push("no link was cut");
  if (rekeys === 0) faults.push("no keys were exchanged again");
  return faults;
}

/** A warning of Node's, a stack, or an error of ours. */
function ofStderr(stderr: string): readonly string[] {
  const wrong = /Warning:| - (?:ERROR|CRITICAL) - |^\s+at /m;
  const line = stderr.split("\n").find((each) => wrong.test(each));
  return line === undefined ? [] : [`on stderr: ${line}`];
}

function ofSamples(samples: readonly Sample[]): readonly string[] {
  if (samples.length < FEWEST) return [`only ${samples.length} samples behind the warm-up`];
  const faults: string[] = [];
  const grown = growth(samples) ?? 0;
  if (grown > GROWTH) faults.push(`memory grows: ${inMib(grown)} MiB from one half to the next, phase by phase`);
  const most = Math.max(...samples.map(({ resident }) => resident));
  if (most > MOST) faults.push(`memory reached ${inMib(most)} MiB`);
  const third = Math.floor(samples.length / 3);
  for (const what of ["descriptors", "threads"] as const) {
    const [before, after] = [samples.slice(0, third), samples.slice(-third)].map((part) =>
      median(part.map((sample) => sample[what])),
    );
    if ((after ?? 0) > (before ?? 0) + MORE) faults.push(`${what} grow: ${before} at first, ${after} at last`);
  }
  return faults;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

function inMib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}

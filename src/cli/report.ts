/**
 * Report: the steps of the way to the remote's tools, each with its time, up to the first that fails. What comes of a
 * later step before an earlier one is done (names are resolved while keys are read) waits for its turn.
 */
import type { Explanation } from "./failure.ts";

/** All steps, in order. */
export const stepNames = [
  "config",
  "name",
  "tcp",
  "banner",
  "algorithms",
  "host-key",
  "authentication",
  "channel",
  "first-reply",
  "protocol",
  "tools",
] as const;

export type StepName = (typeof stepNames)[number];

export interface Step {
  readonly name: StepName;
  /** Null: not reached. */
  readonly ok: boolean | null;
  /** Milliseconds; null where it was not reached. */
  readonly ms: number | null;
  /** What was found; empty where there is nothing to say. */
  readonly detail: string;
  /** What went well enough, but should be known. */
  readonly notes: readonly string[];
  /** Null where it did not fail. */
  readonly cause: string | null;
  /** What to do, after a failure or about a note; null where nothing is, or nothing is known to help. */
  readonly cure: string | null;
}

export class Report {
  readonly #onStep: (step: Step) => void;
  readonly #now: () => number;
  readonly #passed: Map<StepName, { readonly at: number; readonly detail: string }> = new Map();
  readonly #steps: Step[] = [];
  readonly #notes: string[] = [];
  readonly #cures: string[] = [];
  #last: number;
  readonly #start: number;

  /** `onStep` is told of each step in order, those that are not reached at the end. `now`: a clock in milliseconds. */
  constructor(onStep: (step: Step) => void, now: () => number = () => performance.now()) {
    this.#onStep = onStep;
    this.#now = now;
    this.#start = now();
    this.#last = this.#start;
  }

  /** Whether all steps passed. */
  get isOk(): boolean {
    return this.#steps.length === stepNames.length && this.#steps.every(({ ok }) => ok === true);
  }

  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** Said with the next step: what went well enough, but should be known. `cure`: what to do about it. */
  note(text: string, cure?: string): void {
    this.#notes.push(text);
    if (cure !== undefined) this.#cures.push(cure);
  }

  /** A step has passed; said twice, the first counts. */
  passed(name: StepName, detail: string): void {
    if (this.#passed.has(name)) return;
    this.#passed.set(name, { at: this.#now(), detail });
    this.#tellPassed();
  }

  has(name: StepName): boolean {
    return this.#passed.has(name);
  }

  /** The first step that has not passed. */
  get next(): StepName | undefined {
    return stepNames.find((name) => !this.#passed.has(name));
  }

  /** A step has failed, and no other comes. `cure`: empty where nothing is known to help. */
  failed(name: StepName, { what, cure }: Explanation): void {
    for (const each of stepNames.slice(this.#steps.length)) {
      if (each !== name) this.#tell({ name: each, ...notReached });
      else this.#tell({ name, ok: false, ms: this.#since(this.#now()), detail: "", cause: what, ...this.#said(cure) });
    }
  }

  #tellPassed(): void {
    for (const name of stepNames.slice(this.#steps.length)) {
      const passed = this.#passed.get(name);
      if (passed === undefined) return;
      const { at, detail } = passed;
      this.#tell({ name, ok: true, ms: this.#since(at), detail, cause: null, ...this.#said() });
    }
  }

  /** What was said since the step before, and all that there is to do, `first` before the others. */
  #said(first = ""): Pick<Step, "notes" | "cure"> {
    const cure = [first, ...this.#cures.splice(0)].filter(Boolean).join("; ") || null;
    return { notes: this.#notes.splice(0), cure };
  }

  /** What went on beside an earlier step is measured from the start. */
  #since(at: number): number {
    const since = this.#last <= at ? this.#last : this.#start;
    this.#last = Math.max(at, this.#last);
    return Math.round(at - since);
  }

  #tell(step: Step): void {
    this.#steps.push(step);
    this.#onStep(step);
  }
}

const notReached = { ok: null, ms: null, detail: "", notes: [], cause: null, cure: null } as const;

/** A step that was reached, for a person, a line or more. */
export function stepLines({ name, ok, ms, detail, notes, cause, cure }: Step): readonly string[] {
  const mark = ok ? (cure === null ? "✓" : "!") : "✗";
  const head = `${mark} ${name.padEnd(14)} ${`${ms} ms`.padStart(8)}  ${ok ? detail : (cause ?? "")}`;
  const todo = cure === null ? [] : [`  what to do: ${cure}`];
  return [head.trimEnd(), ...notes.map((note) => `  note: ${note}`), ...todo];
}

/** All steps for a program: notes are a part of the detail. */
export function plainReport({ isOk, steps }: Pick<Report, "isOk" | "steps">): unknown {
  return {
    ok: isOk,
    steps: steps.map(({ notes, ...step }) => ({ ...step, detail: [step.detail, ...notes].filter(Boolean).join("; ") })),
  };
}

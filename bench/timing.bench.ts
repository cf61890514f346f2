/**
 * `npm run timing`: does the kernel's time depend on what is secret? Two classes of input take random turns, each call is
 * timed, and Welch's t compares the classes, as in "dude, is my code constant time?" (Reparaz, Balasch, Verbauwhede 2017).
 * Writes timing.md. Run by hand: no test asserts a time.
 */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import type { KeyedCipher } from "../src/ssh/algorithms/interfaces.ts";
import { built } from "./built.ts";
import { describeCommit, describeMachine } from "./machine.ts";
import { fullOrQuick, isQuick, quantile } from "./measure.ts";

const { kernelChaCha } = await built("ssh/algorithms/chacha-kernel/cipher");
const chacha = kernelChaCha();
if (chacha === undefined) throw new Error("this runtime compiles no WebAssembly with vectors");

const calls = fullOrQuick(200_000, 2000); // of both classes together, in one run
const runs = 3;
const variants = 64; // inputs a class has: as many for one that is always the same, so that caches see no difference
const crops = [1, 0.99, 0.95, 0.9, 0.75, 0.5]; // shares of the quickest calls that are compared
const shownCrop = 0.9;
const tagLength = 16;
const overhead = 4 + tagLength;

/** One call's input. `packet` is copied into the one that is worked on before the clock starts. */
interface Input {
  readonly cipher: KeyedCipher;
  readonly packet: Uint8Array;
}

interface Comparison {
  readonly name: string;
  readonly operation: "seal" | "open";
  readonly classes: readonly [(size: number) => Input, (size: number) => Input];
  /** Where a difference has to show: what is compared does other work. */
  readonly isControl?: boolean;
}

const random = (length: number): Uint8Array => Uint8Array.from(randomBytes(length));
// Allocated as random ones are: where a class's arrays lie in the heap shows in its times, in each run with one sign.
const zeros = (length: number): Uint8Array => random(length).fill(0);
const ones = (length: number): Uint8Array => random(length).fill(0xff);
type Fill = (length: number) => Uint8Array;

const comparisons: readonly Comparison[] = [
  { name: "open: right tag / wrong tag", operation: "open", classes: [sealed(), forged(0, 16)], isControl: true },
  { name: "open: wrong in its first byte / last byte", operation: "open", classes: [forged(0, 1), forged(15, 1)] },
  { name: "open: wrong in one byte / in all", operation: "open", classes: [forged(8, 1), forged(0, 16)] },
  ...(["seal", "open"] as const).flatMap((operation): Comparison[] => {
    const of = operation === "seal" ? plain : sealed;
    return [
      { name: `${operation}: random / random (no difference)`, operation, classes: [of(), of()] },
      { name: `${operation}: key of zeros / random`, operation, classes: [of(zeros), of()] },
      { name: `${operation}: key of ones / random`, operation, classes: [of(ones), of()] },
      { name: `${operation}: plaintext of zeros / random`, operation, classes: [of(random, zeros), of()] },
      { name: `${operation}: plaintext of ones / random`, operation, classes: [of(random, ones), of()] },
    ];
  }),
];

const load = loadavg()[0] ?? 0;
const rows: string[] = [];
let highest = 0;
for (const comparison of comparisons) {
  for (const size of [64, 1024]) {
    const results = Array.from({ length: runs }, () => compare(comparison, size));
    const ts = results.map(({ t }) => t);
    const median = quantile(
      results.map(({ nanoseconds }) => nanoseconds),
      0.5,
    );
    if (!comparison.isControl) highest = Math.max(highest, ...ts.map(Math.abs));
    else if (!isQuick && ts.some((t) => Math.abs(t) < 10)) throw new Error("not even a packet's decryption shows");
    rows.push(`| ${comparison.name} | ${size} B | ${ts.map((t) => t.toFixed(1)).join(", ")} | ${median.toFixed(1)} |`);
  }
}
const page = report();
if (isQuick) process.stdout.write(page);
else writeFileSync(join(import.meta.dirname, "timing.md"), page);

/** A packet to be sealed. */
function plain(key: Fill = random, body: Fill = random): (size: number) => Input {
  return (size) => {
    const packet = new Uint8Array(size + overhead);
    packet.set(body(size), 4);
    return { cipher: chacha!(key(64)), packet };
  };
}

/** The same, sealed. */
function sealed(key: Fill = random, body: Fill = random): (size: number) => Input {
  return (size) => {
    const input = plain(key, body)(size);
    input.cipher.seal(input.packet, 0);
    return input;
  };
}

/** Sealed, with so many bytes of its tag changed. */
function forged(from: number, count: number): (size: number) => Input {
  return (size) => {
    const input = sealed()(size);
    const tag = input.packet.subarray(-tagLength).subarray(from, from + count);
    tag.forEach((byte, i) => {
      tag[i] = byte ^ (1 + ((randomBytes(1)[0] as number) % 255));
    });
    return input;
  };
}

/** One run: Welch's t that is furthest from 0 of all crops, and by how much the first class takes longer. */
function compare({ operation, classes }: Comparison, size: number): { t: number; nanoseconds: number } {
  const inputs = Array.from({ length: variants }, () => [classes[0](size), classes[1](size)] as const);
  const order = randomBytes(calls * 2);
  const times = new Float64Array(calls);
  const packet = new Uint8Array(size + overhead);
  for (const isWarm of [false, true]) {
    for (let i = 0; i < (isWarm ? calls : calls / 10); i++) {
      const pair = inputs[(order[2 * i + 1] as number) % variants] as readonly [Input, Input];
      const { cipher, packet: original } = pair[classOf(order, i)];
      packet.set(original);
      const start = performance.now();
      if (operation === "seal") cipher.seal(packet, 0);
      else cipher.open(packet, 0);
      times[i] = (performance.now() - start) * 1e6;
    }
  }
  let furthest = 0;
  let nanoseconds = 0;
  for (const crop of crops) {
    const limit = quantile([...times], crop);
    const [first, second] = [0, 1].map((wanted) =>
      times.filter((time, i) => classOf(order, i) === wanted && time <= limit),
    ) as [Float64Array, Float64Array];
    const { t, difference } = welch(first, second);
    if (Math.abs(t) > Math.abs(furthest)) furthest = t;
    if (crop === shownCrop) nanoseconds = difference;
  }
  return { t: furthest, nanoseconds };
}

function classOf(order: Uint8Array, call: number): 0 | 1 {
  return ((order[2 * call] as number) & 1) as 0 | 1;
}

/** Welch's t of two samples: the difference of their means, in standard errors. */
function welch(first: Float64Array, second: Float64Array): { t: number; difference: number } {
  const [left, right] = [moments(first), moments(second)];
  const difference = left.mean - right.mean;
  return { t: difference / Math.sqrt(left.variance / first.length + right.variance / second.length), difference };
}

function moments(values: Float64Array): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1) };
}

function report(): string {
  const { cpu, cores, os } = describeMachine();
  return `# Does the kernel's time depend on secrets?

<!-- Made by \`npm run timing\`: do not edit. -->

Two classes of packets take random turns, ${calls} calls a run, ${runs} runs with new inputs each; every call of
chacha20-poly1305@openssh.com (\`src/ssh/algorithms/chacha-kernel\`) is timed from JavaScript. t is Welch's, of all calls and
of the quickest ${crops
    .slice(1)
    .map((crop) => `${crop * 100}`)
    .join(", ")} %: the one furthest from 0 is shown. ns is the first class's mean less the second's among the
quickest ${shownCrop * 100} %, median of the runs.

| | |
|---|---|
| Date | ${new Date().toISOString().slice(0, 10)} |
| Commit | ${describeCommit()} |
| Machine | ${cpu}, ${cores} cores, virtual and shared; load at the start ${load.toFixed(1)}; ${os}; Node ${process.version} |

| classes | body | t of each run | ns |
|---|---:|---:|---:|
${rows.join("\n")}

How to read it. Right against wrong tag is the control: a wrong tag is not decrypted, by design, the verdict is public, and
the difference shows that the clock sees one. Among wrong tags, keys and plaintexts there should be none. |t| above 4.5 asks
for a look, above 10 for an explanation; a dependence would show in each run, with one sign, and "random / random" tells how
far a class's own inputs and noise go. The furthest t of all but the control is ${highest.toFixed(1)}. The best of ${crops.length} crops is shown, of ${(comparisons.length - 1) * 2 * runs} runs, on
a machine with other work. Where "random / random" itself passes 4.5, rows that do not exceed it are undecided: they are
neither a leak found nor evidence that there is none. Small values prove nothing either.
`;
}

/**
 * The proxy between a host and a remote that do anything in any order, cut anywhere: every request is answered exactly
 * once (a cancelled one, and one that was not read before a signal, at most once), every line crosses as it was and in order, and the end comes.
 */
import fc from "fast-check";
import { describe, expect } from "vitest";
import { Stage } from "../mcp/fakes.ts";
import { cuts, pieces } from "./mutations.ts";
import { property } from "./property.ts";
import { inFakeTime, pass, settle } from "./turns.ts";

/** How ids are written by the host, and by a server that parsed them and wrote them again. */
const spellings: readonly (readonly [host: (n: number) => string, remote: (n: number) => string])[] = [
  [(n) => `${n}`, (n) => `${n}`],
  [(n) => `${n}`, (n) => `${n}.0`],
  [(n) => `"${n}"`, (n) => `"${n}"`],
  [(n) => `"a\\/${n}"`, (n) => `"a/${n}"`],
  [(n) => `"\\u00e9${n}"`, (n) => `"é${n}"`],
  [(n) => `90071992547409930${n}`, (n) => `90071992547409930${n}`],
];

type Act =
  | { readonly act: "ask"; readonly spelling: number; readonly isBatch: boolean; readonly isNotified: boolean }
  | { readonly act: "junk" | "notify"; readonly text: string }
  | { readonly act: "cancel" | "answer" | "fail"; readonly which: number }
  | { readonly act: "answerAll" }
  | { readonly act: "prompted"; readonly which: number }
  | { readonly act: "noise" | "remoteNotifies" | "stderr"; readonly text: string }
  | { readonly act: "remoteAsks"; readonly n: number }
  | { readonly act: "settle" | "stallHost" | "flowHost" | "stallRemote" | "flowRemote" | "connect" }
  | { readonly act: "wait"; readonly milliseconds: number };

const word = fc.constantFrom("x", "a line\tof text", "é\u2028", "{", "[]", '{"jsonrpc":"2.0"', "\u001b[0m", "");
const which = fc.nat(20);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      act: fc.constant("ask" as const),
      spelling: fc.nat(spellings.length - 1),
      isBatch: fc.boolean(),
      isNotified: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom("junk" as const, "notify" as const), text: word }) },
  {
    weight: 5,
    arbitrary: fc.record({ act: fc.constantFrom("answer" as const, "fail" as const, "prompted" as const), which }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("cancel" as const), which }) },
  { weight: 1, arbitrary: fc.constant({ act: "answerAll" as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constantFrom("noise" as const, "remoteNotifies" as const, "stderr" as const),
      text: word,
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("remoteAsks" as const), n: fc.nat(3) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constantFrom(
        "settle" as const,
        "settle" as const,
        "stallHost" as const,
        "flowHost" as const,
        "stallRemote" as const,
        "flowRemote" as const,
        "connect" as const,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constant("wait" as const), milliseconds: fc.constantFrom(100, 5_000, 50_000) }),
  },
);
const end = fc.constantFrom("host leaves", "remote exits", "link lost", "signal", "host deaf", "dial fails" as const);

/** What one side said, and what of it must reach the other. */
interface Said {
  readonly line: string;
  /** The ids that it answers, by their number. */
  readonly answers: readonly number[];
}

interface Asked {
  /** As the host wrote it. */
  readonly raw: string;
  /** As the remote writes it. */
  readonly answered: string;
  readonly line: string;
  isCancelled: boolean;
  isAnswered: boolean;
}

describe("a host and a remote that do anything in any order", () => {
  property(
    "every request is answered once, every line crosses unchanged and in order, and it ends",
    fc.record({ acts: fc.array(act, { maxLength: 30 }), end, lengths: cuts, isLate: fc.boolean() }),
    ({ acts, end: ending, lengths, isLate }) =>
      inFakeTime(async () => {
        const play = new Play(lengths, ending !== "dial fails");
        if (!isLate && ending !== "dial fails") play.stage.connect();
        for (const each of acts) await play.do(each);
        await play.end(ending);
        play.check(ending);
      }),
    60,
  );
});

/** One host, one remote, and what they said. */
class Play {
  readonly stage = new Stage();
  readonly #lengths: readonly number[];
  readonly #isThere: boolean;
  readonly #asked: Asked[] = [];
  /** Those that a signal came before. */
  #unread: readonly Asked[] = [];
  readonly #fromHost: string[] = [];
  readonly #fromRemote: Said[] = [];

  /** `isThere`: whether there is a remote at all. */
  constructor(lengths: readonly number[], isThere: boolean) {
    this.#lengths = lengths;
    this.#isThere = isThere;
  }

  async do(given: Act): Promise<void> {
    const { remote, shown } = this.stage;
    switch (given.act) {
      case "ask":
        return this.#ask(given.spelling, given.isBatch, given.isNotified);
      case "notify":
        return this.#hostSays(`{"jsonrpc":"2.0","method":"n","params":${JSON.stringify(given.text)}}`);
      case "junk":
        return this.#hostSays(given.text);
      case "cancel": {
        const asked = this.#asked[given.which % Math.max(1, this.#asked.length)];
        if (asked === undefined) return;
        asked.isCancelled = true;
        const params = `{"requestId":${asked.answered}}`;
        return this.#hostSays(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":${params}}`);
      }
      case "answer":
        return this.#answer(given.which, (raw) => `{"jsonrpc":"2.0","id":${raw},"result":{"a":1.0}}`);
      case "fail":
        return this.#answer(given.which, (raw) => `{"error":{"code":1,"message":"no"},"id":${raw},"jsonrpc":"2.0"}`);
      case "prompted":
        return this.#answer(given.which, (raw) => `{"jsonrpc":"2.0","id":${raw},"result":{}}`, "prompt$ ");
      case "answerAll": {
        const open = this.#answerable();
        if (open.length === 0) return;
        for (const asked of open) asked.isAnswered = true;
        const members = open.map(({ answered }) => `{"jsonrpc":"2.0","id":${answered},"result":[]}`);
        const answers = open.map((asked) => this.#asked.indexOf(asked));
        return this.#remoteSays(`[${members.join(" , ")}]`, answers);
      }
      case "noise":
        return remote.say(...this.#cut(`${given.text.replace("{", "")}\n`));
      case "remoteNotifies":
        return this.#remoteSays(`{"jsonrpc":"2.0","method":"m","params":[${JSON.stringify(given.text)}]}`, []);
      case "remoteAsks":
        return this.#remoteSays(`{"jsonrpc":"2.0","id":${given.n},"method":"roots/list"}`, []);
      case "stderr":
        return remote.complain(...this.#cut(`${given.text}\n`));
      case "stallHost":
        return shown.stall();
      case "flowHost":
        return shown.flow();
      case "stallRemote":
        return remote.stdin.stall();
      case "flowRemote":
        return remote.stdin.flow();
      case "connect":
        return this.#isThere ? this.stage.connect() : undefined;
      case "wait":
        return pass(given.milliseconds);
      case "settle":
        return settle();
    }
  }

  async end(how: string): Promise<void> {
    const { stage } = this;
    if (how === "dial fails") stage.fail(new Error("Connection refused"));
    else stage.connect();
    stage.shown.flow();
    stage.remote.stdin.flow();
    await settle();
    if (how === "remote exits") stage.remote.exit({ status: 0 });
    if (how === "link lost") stage.remote.lose();
    if (how === "signal") this.#stop();
    if (how === "host deaf") stage.shown.break();
    await pass(100);
    stage.host.end();
    for (let turn = 0; turn < 4; turn++) await pass(45_000);
  }

  /** What was not read by then meets our end: who ends us waits for no answer. */
  #stop(): void {
    const unread = this.stage.host.unread.reduce((sum, { length }) => sum + length, 0);
    const said = new TextEncoder().encode(this.#fromHost.join(""));
    const read = new TextDecoder().decode(said.subarray(0, said.length - unread));
    this.#unread = this.#asked.filter(({ line }) => !read.includes(`${line}\n`));
    this.stage.stop(15);
  }

  check(how: string): void {
    const { stage } = this;
    expect(stage.code).toBeTypeOf("number");
    this.#checkHostLines(how);
    if (how !== "host deaf") this.#checkShown(how);
  }

  /** What the remote got is what the host said, from its beginning on; all of it where the remote lived to hear it. */
  #checkHostLines(how: string): void {
    const said = this.#fromHost.join("");
    const heard = this.stage.remote.stdin.text;
    expect(said.startsWith(heard)).toBe(true);
    if (how === "host leaves") expect(heard).toBe(said);
  }

  #checkShown(how: string): void {
    const { stage } = this;
    const { lines } = stage;
    const ours = lines.filter((line) => line.includes('"source":"mcp-ssh-client"'));
    const theirs = lines.filter((line) => !ours.includes(line));
    const answers = this.#asked.map(({ raw }) =>
      ours.filter((line) => line.startsWith(`{"jsonrpc":"2.0","id":${raw},"error":`)),
    );
    expect(answers.flat().length).toBe(ours.length); // each of our answers is to something that was asked
    const unsent = answers.flatMap((each, n) =>
      each[0]?.includes('"mayHaveRun":false') ? [this.#asked[n]?.line] : [],
    );
    for (const line of unsent) expect(stage.remote.stdin.text).not.toContain(`${line}\n`);

    // In order, each as it was said, nothing else; left out is only what answers what we have answered.
    let from = 0;
    const passed: number[] = [];
    for (const { line, answers: answered } of this.#fromRemote) {
      const live = answered.filter((n) => answers[n]?.length === 0);
      if (line === theirs[from]) {
        from += 1;
        passed.push(...answered);
      } else if (answered.length > 1 && live.length < answered.length && live.length > 0) {
        expect(theirs[from]?.startsWith("[")).toBe(true);
        from += 1;
        passed.push(...live);
      } else if (how !== "signal") expect(live).toEqual([]);
      if (answered.length === 0 && how !== "signal") expect(line).toBe(theirs[from - 1]);
    }
    expect(from).toBe(theirs.length);

    this.#asked.forEach((asked, n) => {
      const { isCancelled, line } = asked;
      const times = passed.filter((each) => each === n).length + (answers[n]?.length ?? 0);
      if (isCancelled || this.#unread.includes(asked)) expect(times, line).toBeLessThanOrEqual(1);
      else expect(times, line).toBe(1);
      if (!isCancelled && !passed.includes(n)) expect(stage.code, line).not.toBe(0); // without an answer it is no success
    });
  }

  #ask(spelling: number, isBatch: boolean, isNotified: boolean): void {
    const n = this.#asked.length;
    const [host, remote] = spellings[spelling] as (typeof spellings)[number];
    const message = `{"jsonrpc":"2.0","id":${host(n)},"method":"tools/call","params":{"n":1e2}}`;
    const more = isNotified ? ',{"jsonrpc":"2.0","method":"n"}' : "";
    const line = isBatch ? `[${message}${more}]` : message;
    this.#asked.push({ raw: host(n), answered: remote(n), line, isCancelled: false, isAnswered: false });
    this.#hostSays(line);
  }

  /** A remote answers what it has heard, and that once. */
  #answerable(): Asked[] {
    const heard = this.stage.remote.stdin.text;
    return this.#asked.filter(({ line, isAnswered }) => !isAnswered && heard.includes(`${line}\n`));
  }

  #answer(which: number, line: (raw: string) => string, before = ""): void {
    const open = this.#answerable();
    const asked = open[which % Math.max(1, open.length)];
    if (asked === undefined) return;
    asked.isAnswered = true;
    this.#remoteSays(line(asked.answered), [this.#asked.indexOf(asked)], before);
  }

  #hostSays(line: string): void {
    this.#fromHost.push(`${line}\n`);
    this.stage.host.push(...this.#cut(`${line}\n`));
  }

  #remoteSays(line: string, answers: readonly number[], before = ""): void {
    if (!this.#isThere) return;
    this.#fromRemote.push({ line, answers });
    this.stage.remote.say(...this.#cut(`${before}${line}\n`));
  }

  #cut(text: string): Uint8Array[] {
    return pieces(new TextEncoder().encode(text), this.#lengths);
  }
}

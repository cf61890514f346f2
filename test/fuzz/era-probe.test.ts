/**
 * The proxy with a host that begins with `server/discover`, and a server that answers it, or is silent, or ends, at any moment:
 * every request is answered once and reaches one session at most, in order, and what was told as never sent reaches none.
 */
import fc from "fast-check";
import { describe, expect } from "vitest";
import { FakeRemote, Sink, Stage } from "../mcp/fakes.ts";
import { cuts, pieces } from "./mutations.ts";
import { property } from "./property.ts";
import { doAll, inFakeTime, pass, settle } from "./turns.ts";

type Act =
  | { readonly act: "ask" | "again" | "notify" | "remoteNotifies" | "exit" | "lose" | "stall" | "flow" | "connect" }
  | { readonly act: "answer" | "fail" | "cancel"; readonly which: number }
  | { readonly act: "wait"; readonly milliseconds: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      act: fc.constantFrom(
        ...(["ask", "ask", "ask", "again", "notify", "remoteNotifies"] as const),
        ...(["exit", "lose", "stall", "flow", "connect", "connect"] as const),
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constantFrom("answer" as const, "answer" as const, "fail" as const, "cancel" as const),
      which: fc.nat(5),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant("wait" as const),
      milliseconds: fc.constantFrom(100, 5_000, 8_000, 46_000),
    }),
  },
);

describe("a host that probes", () => {
  property(
    "every request is answered once, and reaches one session at most",
    fc.record({ acts: fc.array(fc.tuple(act, fc.boolean()), { maxLength: 30 }), lengths: cuts }),
    ({ acts, lengths }) =>
      inFakeTime(async () => {
        const play = new Play(lengths);
        play.ask("server/discover");
        await doAll(play, acts);
        await play.end();
        play.check();
      }),
    60,
  );
});

interface Asked {
  readonly line: string;
  isAnswered: boolean;
  isCancelled: boolean;
}

class Play {
  readonly #stage = new Stage({}, undefined, false, new Sink(1));
  readonly #lengths: readonly number[];
  readonly #remotes: FakeRemote[] = [this.#stage.remote];
  readonly #gone = new Set<FakeRemote>();
  readonly #asked: Asked[] = [];

  constructor(lengths: readonly number[]) {
    this.#lengths = lengths;
    this.#stage.remote.reopen = () => {
      const remote = new FakeRemote(new Sink(1));
      this.#remotes.push(remote);
      return Promise.resolve(remote);
    };
  }

  get #remote(): FakeRemote {
    return this.#remotes.at(-1) as FakeRemote;
  }

  ask(method: string): void {
    if (this.#stage.code !== undefined) return; // nobody is there any more
    const line = `{"jsonrpc":"2.0","id":${this.#asked.length},"method":"${method}"}`;
    this.#asked.push({ line, isAnswered: false, isCancelled: false });
    this.#hostSays(line);
  }

  async do(given: Act): Promise<void> {
    switch (given.act) {
      case "ask":
        return this.ask("tools/call");
      case "again":
        return this.ask("server/discover");
      case "notify":
        return this.#hostSays('{"jsonrpc":"2.0","method":"n"}');
      case "cancel": {
        const asked = this.#asked[given.which];
        if (asked === undefined) return;
        asked.isCancelled = true;
        return this.#hostSays(
          `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${given.which}}}`,
        );
      }
      case "answer":
        return this.#answer(given.which, '"result":{}');
      case "fail":
        return this.#answer(given.which, '"error":{"code":-32601,"message":"no"}');
      case "remoteNotifies":
        return this.#remoteSays('{"jsonrpc":"2.0","method":"m"}');
      case "exit":
        this.#gone.add(this.#remote);
        return this.#remote.exit({ status: 0 });
      case "lose":
        this.#gone.add(this.#remote);
        return this.#remote.lose();
      case "stall":
        return this.#remote.stdin.stall();
      case "flow":
        return this.#remote.stdin.flow();
      case "connect":
        return this.#stage.connect();
      case "wait":
        return pass(given.milliseconds);
    }
  }

  async end(): Promise<void> {
    this.#stage.connect();
    for (const remote of this.#remotes) remote.stdin.flow();
    await settle();
    this.#stage.host.end();
    for (let turn = 0; turn < 4; turn++) await pass(45_000);
  }

  check(): void {
    const { lines, code } = this.#stage;
    expect(code).toBeTypeOf("number");
    const heard = this.#remotes.flatMap(({ stdin }) => stdin.text.split("\n").slice(0, -1));
    this.#asked.forEach(({ line, isCancelled }, id) => {
      const times = heard.filter((each) => each === line).length;
      expect(times, line).toBeLessThanOrEqual(1);
      const answers = lines.filter((each) => new RegExp(`"id":${id},"(result|error)"`).test(each));
      if (isCancelled) expect(answers.length, line).toBeLessThanOrEqual(1);
      else expect(answers.length, line).toBe(1);
      const [answer = ""] = answers;
      if (answer.includes('"mayHaveRun":false')) expect(times, line).toBe(0);
      if (answer.includes('"code":-31001')) expect(code, line).not.toBe(0);
    });
    const order = heard.flatMap((line) => /"id":(\d+)/.exec(line)?.slice(1).map(Number) ?? []);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(this.#remotes.length).toBeLessThanOrEqual(2);
  }

  /** A remote answers what it has heard, and that once. */
  #answer(which: number, how: string): void {
    const heard = this.#remote.stdin.text;
    const open = this.#asked.filter(({ line, isAnswered }) => !isAnswered && heard.includes(`${line}\n`));
    const asked = open[which % Math.max(1, open.length)];
    if (asked === undefined || this.#gone.has(this.#remote)) return;
    asked.isAnswered = true;
    this.#remoteSays(`{"jsonrpc":"2.0","id":${this.#asked.indexOf(asked)},${how}}`);
  }

  #hostSays(line: string): void {
    this.#stage.host.push(...pieces(new TextEncoder().encode(`${line}\n`), this.#lengths));
  }

  #remoteSays(line: string): void {
    if (!this.#gone.has(this.#remote))
      this.#remote.say(...pieces(new TextEncoder().encode(`${line}\n`), this.#lengths));
  }
}

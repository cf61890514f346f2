/**
 * The proxy where the link is lost again and again, at any moment: no request reaches a server twice, each gets one answer,
 * what is between us and the new server stays from the host, and no id means two things to the host at once.
 */
import fc from "fast-check";
import { describe, expect } from "vitest";
import "../../src/mcp/reconnection.ts"; // it is loaded with the first loss
import { FakeRemote, Sink, Stage } from "../mcp/fakes.ts";
import { cuts, pieces } from "./mutations.ts";
import { property } from "./property.ts";
import { doAll, inFakeTime, pass, settle } from "./turns.ts";

const initialize = '{"jsonrpc":"2.0","id":"init","method":"initialize","params":{"protocolVersion":"2025-11-25"}}';
const discover = '{"jsonrpc":"2.0","id":"init","method":"server/discover"}';
const initialized = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
const identity =
  '{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true},"logging":{}},"serverInfo":{"name":"s","version":"1"}}';

type Act =
  | {
      readonly act:
        | "level"
        | "lose"
        | "loseUntold"
        | "redial"
        | "shakeHands"
        | "refuse"
        | "initialized"
        | "remoteNotifies"
        | "remoteAsks"
        | "hostAnswersAll"
        | "stall"
        | "flow"
        | "stallHost"
        | "flowHost";
    }
  | { readonly act: "ask"; readonly isLong: boolean; readonly isSplit: boolean; readonly isBatch: boolean }
  | { readonly act: "answer" | "cancel" | "hostAnswers" | "remoteCancels"; readonly which: number }
  | { readonly act: "wait"; readonly milliseconds: number };

const which = fc.nat(9);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      act: fc.constantFrom(
        ...(["redial", "redial", "shakeHands", "shakeHands", "lose", "loseUntold", "refuse"] as const),
        ...(["initialized", "remoteNotifies", "level", "stall", "flow", "stallHost", "flowHost"] as const),
        ...(["remoteAsks", "remoteAsks", "hostAnswersAll"] as const),
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant("ask" as const),
      isLong: fc.boolean(),
      isSplit: fc.boolean(),
      isBatch: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ act: fc.constantFrom("answer" as const, "answer" as const, "hostAnswers" as const), which }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constantFrom("cancel" as const, "remoteCancels" as const), which }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant("wait" as const),
      milliseconds: fc.constantFrom(100, 6_000, 31_000, 46_000),
    }),
  },
);

/** How host and server begin; `fallback`: the server bears no probe, and gets a session of its own for `initialize`. */
const opening = fc.constantFrom("initialize" as const, "discover" as const, "fallback" as const);
const end = fc.constantFrom("host leaves" as const, "remote exits" as const, "signal" as const, "host deaf" as const);
type End = typeof end extends fc.Arbitrary<infer Value> ? Value : never;

describe("a link that is lost again and again", () => {
  property(
    "every request is answered once and reaches one server at most once, whatever is lost when",
    fc.record({
      acts: fc.array(fc.tuple(act, fc.boolean()), { maxLength: 40 }),
      lengths: cuts,
      opening,
      isInitialized: fc.boolean(),
      end,
    }),
    ({ acts, lengths, opening, isInitialized, end }) =>
      inFakeTime(async () => {
        const play = new Play(lengths, opening !== "discover");
        await play.begin(opening, isInitialized);
        await doAll(play, acts);
        await play.end(end);
        play.check(end);
      }),
    60,
  );
});

interface Asked {
  readonly line: string;
  readonly remote: { by: FakeRemote | undefined };
  isCancelled: boolean;
}

/** A question of a server's as the host has it: under which id, of which server, and that server's own id. */
interface Question {
  readonly id: string;
  readonly by: number;
  readonly own: number;
}

/** Lines towards a server that are longer go in pieces, bytes. */
const streamBytes = 200;

class Play {
  readonly #stage = new Stage({ streamBytes }, undefined, true, tight());
  readonly #lengths: readonly number[];
  readonly #hasHandshake: boolean;
  readonly #asked: Asked[] = [];
  readonly #remotes: FakeRemote[] = [this.#stage.remote];
  /** The servers that have answered a handshake. */
  readonly #shaken = new Set<FakeRemote>();
  /** How many questions each server has asked. */
  readonly #questions = new Map<FakeRemote, number>();
  readonly #answeredByHost: (Question & { readonly at: number })[] = [];
  #taken: Stage["redials"][number] | undefined;
  #hasBroken = false;
  #isInitialized = false;
  #notifications = 0;
  #levels = 0;
  /** Of a line that the host is in the middle of. */
  #rest = "";

  constructor(lengths: readonly number[], hasHandshake: boolean) {
    this.#lengths = lengths;
    this.#hasHandshake = hasHandshake;
  }

  get #remote(): FakeRemote {
    return this.#remotes.at(-1) as FakeRemote;
  }

  /** By itself, or because we gave it up. */
  get #isLost(): boolean {
    return this.#hasBroken || this.#remote.calls.includes("disconnect");
  }

  async begin(opening: "initialize" | "discover" | "fallback", isInitialized: boolean): Promise<void> {
    if (opening === "fallback") await this.#probeInVain();
    else this.#stage.connect();
    await settle();
    this.#hostSays(opening === "discover" ? discover : initialize);
    await settle();
    this.#shaken.add(this.#remote);
    this.#remoteSays(`{"jsonrpc":"2.0","id":"init","result":${identity}}`);
    await settle();
    if (isInitialized) this.#sayInitialized();
    await settle();
  }

  /** A silent server: the host's next line opens another session. */
  async #probeInVain(): Promise<void> {
    const next = new FakeRemote(tight());
    this.#stage.remote.reopen = () => Promise.resolve(next);
    this.#stage.connect();
    this.#hostSays(discover);
    await pass(8_000);
    this.#remotes.push(next);
  }

  async do(given: Act): Promise<void> {
    switch (given.act) {
      case "ask":
        return this.#ask(given);
      case "level":
        return this.#hostSays(
          `{"jsonrpc":"2.0","id":"level ${this.#levels++}","method":"logging/setLevel","params":{"level":"info"}}`,
        );
      case "cancel": {
        const asked = this.#asked[given.which];
        if (asked === undefined) return;
        asked.isCancelled = true;
        return this.#hostSays(cancelled(given.which));
      }
      case "answer": {
        const heard = linesOf(this.#remote);
        const open = this.#asked.filter(({ line, remote }) => remote.by === undefined && heard.includes(line));
        const asked = open[given.which % Math.max(1, open.length)];
        if (asked === undefined || this.#isLost) return;
        asked.remote.by = this.#remote;
        return this.#remoteSays(`{"jsonrpc":"2.0","id":${this.#asked.indexOf(asked)},"result":{}}`);
      }
      case "remoteAsks":
        return this.#question();
      case "remoteCancels": {
        const count = this.#questions.get(this.#remote) ?? 0;
        if (count > 0) this.#remoteSays(cancelled(given.which % count));
        return;
      }
      case "hostAnswers": {
        const open = openAtHost(this.#stage.lines, this.#answeredByHost);
        const question = open[given.which % Math.max(1, open.length)];
        if (question !== undefined) this.#hostSays(this.#hostsAnswer(question));
        return;
      }
      case "hostAnswersAll": {
        const answers = openAtHost(this.#stage.lines, this.#answeredByHost).map((each) => this.#hostsAnswer(each));
        if (answers.length > 0) this.#hostSays(`[${answers.join(" , ")}]`);
        return;
      }
      case "initialized":
        return this.#sayInitialized();
      case "remoteNotifies":
        if (this.#isReady()) this.#remoteSays(`{"jsonrpc":"2.0","method":"m","params":[${this.#notifications++}]}`);
        return;
      case "lose":
      case "loseUntold":
        if (!this.#isLost) this.#remote.lose("Connection reset by peer", given.act === "loseUntold");
        this.#hasBroken = true;
        return;
      case "redial": {
        if (this.#isLost && this.#stage.redials.at(-1) === this.#taken) await pass(7_500);
        const redial = this.#stage.redials.at(-1);
        if (!this.#isLost || redial === undefined || redial === this.#taken) return;
        this.#taken = redial;
        this.#hasBroken = false;
        this.#remotes.push(new FakeRemote(tight()));
        return redial.succeed(this.#remote);
      }
      case "shakeHands":
        return this.#shakeHands();
      case "refuse": {
        const redial = this.#stage.redials.at(-1);
        if (redial === this.#taken) return;
        this.#taken = redial;
        return redial?.fail(new Error("Connection refused"));
      }
      case "stall":
        return this.#remote.stdin.stall();
      case "flow":
        return this.#remote.stdin.flow();
      case "stallHost":
        return this.#stage.shown.stall();
      case "flowHost":
        return this.#stage.shown.flow();
      case "wait":
        return pass(given.milliseconds);
    }
  }

  async end(how: End): Promise<void> {
    this.#stage.shown.flow();
    this.#endLine();
    if (how === "host leaves") {
      this.#remote.stdin.flow();
      await settle();
      this.#shakeHands();
      await settle();
    }
    if (how === "remote exits" && !this.#isLost) this.#exit();
    if (how === "signal") this.#stage.stop(15);
    if (how === "host deaf") this.#stage.shown.break();
    await pass(100);
    this.#stage.host.end();
    for (let turn = 0; turn < 4; turn++) {
      await pass(45_000);
      this.#shakeHands();
    }
  }

  #exit(): void {
    this.#remote.exit({ status: 3 });
    this.#hasBroken = true;
  }

  check(end: End): void {
    const { lines, code } = this.#stage;
    expect(code).toBeTypeOf("number");
    if (end === "signal") expect(code).toBe(143);
    const heard = this.#remotes.flatMap(linesOf);
    this.#asked.forEach(({ line, isCancelled }, id) => {
      expect(heard.filter((each) => each === line).length, line).toBeLessThanOrEqual(1);
      const answers = lines.filter((each) => new RegExp(`"id":${id},"(result|error)"`).test(each));
      if (isCancelled || end === "signal" || end === "host deaf") expect(answers.length, line).toBeLessThanOrEqual(1);
      else expect(answers.length, line).toBe(1);
      if (answers[0]?.includes('"mayHaveRun":false') === true) expect(heard).not.toContain(line);
    });
    for (const line of lines) expect(line).not.toMatch(/"id":"mcp-ssh-client[^"]*","(result|error)"/);
    this.#checkServerRequests();
    this.#remotes.forEach((remote, index) => {
      this.#checkServer(remote, index, end === "host leaves");
    });
    const order = heard.flatMap((line) =>
      [...line.matchAll(/"id":(\d+),"method":"tools\/call"/g)].map(([, id]) => Number(id)),
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
    const said = lines.flatMap((line) => /"method":"m","params":\[(\d+)\]/.exec(line)?.slice(1).map(Number) ?? []);
    const all = Array.from({ length: this.#notifications }, (_, n) => n);
    expect(said).toEqual(end === "host leaves" || end === "remote exits" ? all : all.slice(0, said.length));
  }

  /** Of one id there is one request at the host at a time: the next comes once it is answered or cancelled. */
  #checkServerRequests(): void {
    const open = new Set<string>();
    this.#stage.lines.forEach((line, at) => {
      for (const answer of this.#answeredByHost) if (answer.at === at) open.delete(answer.id);
      const question = questionIn(line);
      open.delete(cancelledIn(line) ?? "");
      if (question !== undefined) {
        expect(open, line).not.toContain(question.id);
        open.add(question.id);
      }
    });
  }

  /** Whole lines only; the handshake first, and once; and no answers but to its own questions, under its own ids. */
  #checkServer(remote: FakeRemote, index: number, isHeardOut: boolean): void {
    const messages = linesOf(remote).flatMap((line) => JSON.parse(line) as Heard | Heard[]);
    const methods = messages.map(({ method }) => method);
    const isFirstOfTwo = methods.includes("server/discover");
    if (this.#hasHandshake && !isFirstOfTwo && messages.length > 0) expect(methods[0]).toBe("initialize");
    expect(methods.filter((method) => method === "initialize").length).toBeLessThanOrEqual(1);
    expect(methods.filter((method) => method === "notifications/initialized").length).toBeLessThanOrEqual(1);
    const answers = messages.filter(({ method }) => method === undefined);
    for (const { id, result } of answers) expect(result?.to).toEqual([index, id]);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(answers.length);
    if (remote !== this.#remote || this.#isLost || !isHeardOut) return;
    const given = this.#answeredByHost.filter(({ by }) => by === index).map(({ own }) => own);
    expect(answers.map(({ id }) => id)).toEqual(given);
  }

  #ask({ isLong, isSplit, isBatch }: Act & { readonly act: "ask" }): void {
    const text = isLong ? "x".repeat(streamBytes + 100) : "x";
    const request = (id: number): string => `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":["${text}"]}`;
    const next = this.#asked.length;
    const line = isBatch ? `[${request(next)},${request(next + 1)}]` : request(next);
    this.#endLine();
    for (let count = isBatch ? 2 : 1; count > 0; count--)
      this.#asked.push({ line, remote: { by: undefined }, isCancelled: false });
    const said = isSplit ? line.length - 10 : line.length + 1;
    this.#rest = `${line}\n`.slice(said);
    this.#push(`${line}\n`.slice(0, said));
  }

  #hostsAnswer(question: Question): string {
    const { id, by, own } = question;
    this.#answeredByHost.push({ ...question, at: this.#stage.lines.length });
    return `{"jsonrpc":"2.0","id":${id},"result":{"to":[${by},${own}]}}`;
  }

  /** A server asks with ids that it uses for one thing at a time, from 0 on as SDK servers do, once it was asked anything. */
  #question(): void {
    if (!this.#hasHandshake || this.#isLost || linesOf(this.#remote).length === 0) return;
    const id = this.#questions.get(this.#remote) ?? 0;
    this.#questions.set(this.#remote, id + 1);
    const params = `[${this.#remotes.length - 1},${id}]`;
    this.#remoteSays(`{"jsonrpc":"2.0","id":${id},"method":"roots/list","params":${params}}`);
  }

  #isReady(): boolean {
    return !this.#isLost && (!this.#hasHandshake || this.#shaken.has(this.#remote));
  }

  #shakeHands(): void {
    if (this.#isLost || this.#shaken.has(this.#remote)) return;
    const [, id] = /"id":("mcp-ssh-client[^"]*"),"method":"initialize"/.exec(this.#remote.stdin.text) ?? [];
    if (id === undefined) return;
    this.#shaken.add(this.#remote);
    this.#remoteSays(`{"jsonrpc":"2.0","id":${id},"result":${identity}}`);
  }

  #sayInitialized(): void {
    if (this.#hasHandshake && !this.#isInitialized) this.#hostSays(initialized);
    this.#isInitialized = true;
  }

  #hostSays(line: string): void {
    this.#endLine();
    this.#push(`${line}\n`);
  }

  #endLine(): void {
    if (this.#rest !== "") this.#push(this.#rest);
    this.#rest = "";
  }

  #push(text: string): void {
    this.#stage.host.push(...pieces(new TextEncoder().encode(text), this.#lengths));
  }

  #remoteSays(line: string): void {
    if (!this.#isLost) this.#remote.say(...pieces(new TextEncoder().encode(`${line}\n`), this.#lengths));
  }
}

/** With one line on its way the next has to wait, if it stalls. */
function tight(): Sink {
  return new Sink(1);
}

interface Heard {
  readonly id?: unknown;
  readonly method?: string;
  readonly result?: { readonly to: readonly unknown[] };
}

/** Those that a server has heard whole. */
function linesOf(remote: FakeRemote): string[] {
  return remote.stdin.text.split("\n").slice(0, -1);
}

function cancelled(id: number): string {
  return `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id}}}`;
}

function cancelledIn(line: string): string | undefined {
  return /"notifications\/cancelled".*"requestId":("[^"]*"|\d+)/.exec(line)?.[1];
}

function questionIn(line: string): Question | undefined {
  const [, id, by, own] = /"id":("[^"]*"|\d+),"method":"roots\/list","params":\[(\d+),(\d+)\]/.exec(line) ?? [];
  return id === undefined ? undefined : { id, by: Number(by), own: Number(own) };
}

/** The servers' questions that the host has seen and neither answered nor was told to forget. */
function openAtHost(
  lines: readonly string[],
  answered: readonly { readonly id: string; readonly at: number }[],
): readonly Question[] {
  let open: Question[] = [];
  const close = (id: string | undefined): void => {
    open = open.filter((question) => question.id !== id);
  };
  lines.forEach((line, at) => {
    for (const answer of answered) if (answer.at === at) close(answer.id);
    const question = questionIn(line);
    if (question !== undefined) open.push(question);
    close(cancelledIn(line));
  });
  for (const answer of answered) if (answer.at === lines.length) close(answer.id);
  return open;
}

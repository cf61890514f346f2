/**
 * The proxy before what may be the reference server, which is it or is not, and a host that says anything at any time: every
 * request is answered once and reaches the server once at most, and not if it was told so. The host begins with `initialize`;
 * of a batch that it sends to another server before the answer to that it cancels no member, which is not followed there.
 */
import fc from "fast-check";
import { describe, expect } from "vitest";
import "../../src/mcp/reconnection.ts"; // each is loaded with its first use
import "../../src/mcp/reference-route.ts";
import { FakeRemote, Sink, Stage } from "../mcp/fakes.ts";
import { cuts, pieces } from "./mutations.ts";
import { property } from "./property.ts";
import { doAll, inFakeTime, pass, settle } from "./turns.ts";

const initialize = (id: unknown): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`;
const identity = (protocol: string): string =>
  `{"protocolVersion":"${protocol}","capabilities":{"experimental":{},"tools":{"listChanged":false}},"serverInfo":{"name":"s","version":"1"}}`;

const methods = ["tools/list", "tools/call", "ping", "x", "server/discover", "resources/read"] as const;
type Method = (typeof methods)[number];

type Act =
  | { readonly act: "ask"; readonly asked: readonly Method[]; readonly isBatch: boolean }
  | { readonly act: "initialize" | "initialized" | "exit" | "lose" | "redial" | "stall" | "flow" | "answerOurs" }
  | { readonly act: "answer" | "cancel"; readonly which: number }
  | { readonly act: "wait"; readonly milliseconds: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant("ask" as const),
      asked: fc.array(fc.constantFrom(...methods), { minLength: 1, maxLength: 3 }),
      isBatch: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constantFrom(
        ...(["initialize", "initialize", "initialized", "initialized", "answerOurs", "answerOurs"] as const),
        ...(["stall", "flow", "exit", "lose", "redial"] as const),
      ),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      act: fc.constantFrom("answer" as const, "answer" as const, "answer" as const, "cancel" as const),
      which: fc.nat(5),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constant("wait" as const),
      milliseconds: fc.constantFrom(100, 6_000, 11_000, 46_000),
    }),
  },
);

describe("what may be the reference server", () => {
  property(
    "every request to it is answered once, and reaches it once at most",
    fc.record({ acts: fc.array(fc.tuple(act, fc.boolean()), { maxLength: 30 }), lengths: cuts, isIt: fc.boolean() }),
    ({ acts, lengths, isIt }) =>
      inFakeTime(async () => {
        const play = new Play(lengths, isIt);
        await settle();
        await doAll(play, acts);
        await play.end();
        play.check();
      }),
    60,
  );
});

interface Asked {
  readonly method: string;
  readonly batch: number | undefined;
  isAnswered: boolean;
  isCancelled: boolean;
}

class Play {
  readonly #stage = new Stage({}, undefined, true, new Sink(1));
  readonly #lengths: readonly number[];
  readonly #isIt: boolean;
  readonly #remotes: FakeRemote[] = [];
  #isGone = false;
  readonly #asked: Asked[] = [];
  readonly #ours = new Set<string>();
  #batches = 0;
  #taken: Stage["redials"][number] | undefined;

  constructor(lengths: readonly number[], isIt: boolean) {
    this.#lengths = lengths;
    this.#isIt = isIt;
    this.#meet(this.#stage.remote);
    this.#stage.connect();
    this.#hostSays(initialize(this.#enter("initialize", undefined)));
  }

  get #remote(): FakeRemote {
    return this.#remotes.at(-1) as FakeRemote;
  }

  async do(given: Act): Promise<void> {
    if (this.#stage.code !== undefined) return; // nobody is there any more
    switch (given.act) {
      case "ask":
        return this.#ask(given.asked, given.isBatch);
      case "initialize":
        return this.#hostSays(initialize(this.#enter("initialize", undefined)));
      case "initialized":
        return this.#hostSays('{"jsonrpc":"2.0","method":"notifications/initialized"}');
      case "cancel": {
        const asked = this.#asked[given.which];
        if (asked === undefined || (asked.batch !== undefined && !this.#isIt)) return;
        asked.isCancelled = true;
        return this.#hostSays(
          `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${given.which}}}`,
        );
      }
      case "answer": {
        const open = idsIn(this.#remote).filter((id) => typeof id === "number" && !this.#asked[id]?.isAnswered);
        const id = open[given.which % Math.max(1, open.length)];
        const asked = this.#asked[Number(id)];
        if (asked === undefined || this.#isGone) return;
        asked.isAnswered = true;
        return this.#answer(id, asked.method);
      }
      case "answerOurs":
        return this.#answerOurs();
      case "exit":
        this.#isGone = true;
        return this.#remote.exit({ status: 0 });
      case "lose":
        this.#isGone = true;
        return this.#remote.lose();
      case "redial": {
        if (this.#isGone && this.#stage.redials.at(-1) === this.#taken) await pass(7_500);
        const redial = this.#stage.redials.at(-1);
        if (redial === undefined || redial === this.#taken) return;
        this.#taken = redial;
        this.#isGone = false;
        this.#meet(new FakeRemote(new Sink(1)));
        return redial.succeed(this.#remote);
      }
      case "stall":
        return this.#remote.stdin.stall();
      case "flow":
        return this.#remote.stdin.flow();
      case "wait":
        return pass(given.milliseconds);
    }
  }

  async end(): Promise<void> {
    this.#remote.stdin.flow();
    await settle();
    this.#answerOurs();
    await settle();
    this.#stage.host.end();
    for (let turn = 0; turn < 4; turn++) {
      await pass(45_000);
      this.#answerOurs();
    }
  }

  check(): void {
    const { lines, code } = this.#stage;
    expect(code).toBeTypeOf("number");
    const said = lines.map((line) => JSON.parse(line) as Said | Said[]);
    const heard = this.#remotes.flatMap(idsIn);
    this.#asked.forEach(({ isCancelled, batch }, id) => {
      const times = heard.filter((each) => each === id).length;
      expect(times, `${id}`).toBeLessThanOrEqual(1);
      const answers = said.flat().filter((each) => each.id === id);
      if (isCancelled) expect(answers.length, `${id}`).toBeLessThanOrEqual(1);
      else expect(answers.length, `${id}`).toBe(1);
      if (answers[0]?.error?.data?.mayHaveRun === false) expect(times, `${id}`).toBe(0);
      if (batch === undefined)
        expect(said.filter((each) => Array.isArray(each) && each.some((one) => one.id === id))).toEqual([]);
    });
    for (const line of lines) expect(line).not.toContain('"mcp-ssh-client ');
  }

  #meet(remote: FakeRemote): void {
    remote.serverVersion = "SSH-2.0-AsyncSSH_2.24.1";
    remote.isShell = true;
    this.#remotes.push(remote);
  }

  #ask(asked: readonly Method[], isBatch: boolean): void {
    const batch = isBatch ? this.#batches++ : undefined;
    const requests = (isBatch ? asked : asked.slice(0, 1)).map((method) => {
      const id = this.#enter(method, batch);
      return `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":{"name":"n","uri":"a:1"}}`;
    });
    this.#hostSays(isBatch ? `[${requests.join(",")}]` : (requests[0] ?? ""));
  }

  #enter(method: string, batch: number | undefined): number {
    this.#asked.push({ method, batch, isAnswered: false, isCancelled: false });
    return this.#asked.length - 1;
  }

  #answer(id: unknown, method: string): void {
    const result = method === "initialize" ? identity(this.#isIt ? "2024-11-05" : "2025-11-25") : "{}";
    this.#remoteSays(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`);
  }

  /** Handshakes that are replayed, and lists. */
  #answerOurs(): void {
    for (const line of linesOf(this.#remote)) {
      const { id, method = "" } = line;
      if (typeof id !== "string" || this.#isGone || this.#ours.has(`${this.#remotes.length} ${id}`)) continue;
      this.#ours.add(`${this.#remotes.length} ${id}`);
      this.#answer(id, method);
    }
  }

  #hostSays(line: string): void {
    this.#stage.host.push(...pieces(new TextEncoder().encode(`${line}\n`), this.#lengths));
  }

  #remoteSays(line: string): void {
    if (!this.#isGone) this.#remote.say(...pieces(new TextEncoder().encode(`${line}\n`), this.#lengths));
  }
}

interface Said {
  readonly id?: unknown;
  readonly method?: string;
  readonly error?: { readonly data?: { readonly mayHaveRun?: boolean } };
}

function linesOf(remote: FakeRemote): Said[] {
  return remote.stdin.text
    .split("\n")
    .slice(0, -1)
    .flatMap((line) => JSON.parse(line) as Said | Said[]);
}

function idsIn(remote: FakeRemote): unknown[] {
  return linesOf(remote).flatMap(({ id, method }) => (method === undefined || id === undefined ? [] : [id]));
}

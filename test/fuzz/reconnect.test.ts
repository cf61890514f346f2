/**
 * The proxy where the link is lost again and again, at any moment: no request reaches a server twice, each gets one answer,
 * what is between us and the new server stays from the host, and no id means two things to the host at once.
 */
import fc from "fast-check";
import { describe, expect, vi } from "vitest";
import "../../src/mcp/reconnection.ts"; // it is loaded with the first loss
import { FakeRemote, Stage } from "../mcp/fakes.ts";
import { cuts, pieces } from "./mutations.ts";
import { property } from "./property.ts";
import { pass, settle } from "./turns.ts";

const initialize = '{"jsonrpc":"2.0","id":"init","method":"initialize","params":{"protocolVersion":"2025-11-25"}}';
const initialized = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
const identity =
  '{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true},"logging":{}},"serverInfo":{"name":"s","version":"1"}}';

type Act =
  | {
      readonly act:
        | "ask"
        | "level"
        | "lose"
        | "settle"
        | "redial"
        | "refuse"
        | "remoteNotifies"
        | "remoteAsks"
        | "stall"
        | "flow";
    }
  | { readonly act: "answer" | "cancel" | "hostAnswers"; readonly which: number }
  | { readonly act: "wait"; readonly milliseconds: number };

const which = fc.nat(9);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      act: fc.constantFrom<
        "ask" | "settle" | "redial" | "lose" | "refuse" | "remoteNotifies" | "remoteAsks" | "level" | "stall" | "flow"
      >(
        ...(["ask", "ask", "ask", "settle", "settle", "redial", "redial", "lose", "refuse"] as const),
        ...(["remoteNotifies", "level", "stall", "flow", "remoteAsks", "remoteAsks"] as const),
      ),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ act: fc.constantFrom("answer" as const, "answer" as const, "hostAnswers" as const), which }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("cancel" as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant("wait" as const), milliseconds: fc.constantFrom(100, 6_000, 31_000) }),
  },
);

describe("a link that is lost again and again", () => {
  property(
    "every request is answered once and reaches one server at most once, whatever is lost when",
    fc.record({ acts: fc.array(act, { maxLength: 40 }), lengths: cuts }),
    async ({ acts, lengths }) => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      try {
        const play = new Play(lengths);
        await play.begin();
        for (const each of acts) await play.do(each);
        await play.end();
        play.check();
      } finally {
        vi.useRealTimers();
      }
    },
    60,
  );
});

interface Asked {
  readonly line: string;
  readonly remote: { by: FakeRemote | undefined };
  isCancelled: boolean;
}

class Play {
  readonly #stage = new Stage({}, undefined, true);
  readonly #lengths: readonly number[];
  readonly #asked: Asked[] = [];
  readonly #remotes: FakeRemote[] = [this.#stage.remote];
  /** Handshakes of ours that a server has answered, by remote. */
  readonly #shaken = new Set<FakeRemote>();
  readonly #ids = new Map<FakeRemote, number>();
  #isLost = false;
  #notifications = 0;
  #levels = 0;

  constructor(lengths: readonly number[]) {
    this.#lengths = lengths;
  }

  get #remote(): FakeRemote {
    return this.#remotes.at(-1) as FakeRemote;
  }

  async begin(): Promise<void> {
    this.#stage.connect();
    await settle();
    this.#hostSays(initialize);
    await settle();
    this.#remoteSays(`{"jsonrpc":"2.0","id":"init","result":${identity}}`);
    await settle();
    this.#hostSays(initialized);
    await settle();
  }

  async do(given: Act): Promise<void> {
    this.#shakeHands();
    switch (given.act) {
      case "ask": {
        const line = `{"jsonrpc":"2.0","id":${this.#asked.length},"method":"tools/call"}`;
        this.#asked.push({ line, remote: { by: undefined }, isCancelled: false });
        return this.#hostSays(line);
      }
      case "level":
        return this.#hostSays(
          `{"jsonrpc":"2.0","id":"level ${this.#levels++}","method":"logging/setLevel","params":{"level":"info"}}`,
        );
      case "cancel": {
        const asked = this.#asked[given.which];
        if (asked === undefined) return;
        asked.isCancelled = true;
        return this.#hostSays(
          `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${given.which}}}`,
        );
      }
      case "answer": {
        const open = this.#asked.filter(({ line, remote }) => remote.by === undefined && this.#heard().includes(line));
        const asked = open[given.which % Math.max(1, open.length)];
        if (asked === undefined) return;
        asked.remote.by = this.#remote;
        return this.#remoteSays(`{"jsonrpc":"2.0","id":${this.#asked.indexOf(asked)},"result":{}}`);
      }
      case "remoteAsks":
        if (this.#isReady()) this.#remoteSays(`{"jsonrpc":"2.0","id":${this.#nextId()},"method":"roots/list"}`);
        return;
      case "hostAnswers": {
        const open = openAtHost(this.#stage.lines, this.#answeredByHost);
        const id = open[given.which % Math.max(1, open.length)];
        if (id === undefined) return;
        this.#answeredByHost.push({ id, at: this.#stage.lines.length });
        return this.#hostSays(`{"jsonrpc":"2.0","id":${id},"result":{"roots":[]}}`);
      }
      case "remoteNotifies":
        if (this.#isReady()) this.#remoteSays(`{"jsonrpc":"2.0","method":"m","params":[${this.#notifications++}]}`);
        return;
      case "lose":
        if (!this.#isLost) this.#remote.lose();
        this.#isLost = true;
        return;
      case "redial": {
        const redial = this.#stage.redials.at(-1);
        if (!this.#isLost || redial === undefined || redial === this.#taken) return;
        this.#taken = redial;
        this.#isLost = false;
        this.#remotes.push(new FakeRemote());
        redial.succeed(this.#remote);
        return settle();
      }
      case "refuse": {
        const redial = this.#stage.redials.at(-1);
        if (redial === this.#taken) return;
        this.#taken = redial;
        redial?.fail(new Error("Connection refused"));
        return;
      }
      case "stall":
        return this.#remote.stdin.stall();
      case "flow":
        return this.#remote.stdin.flow();
      case "wait":
        return pass(given.milliseconds);
      case "settle":
        return settle();
    }
  }

  readonly #answeredByHost: { readonly id: string; readonly at: number }[] = [];
  #taken: Stage["redials"][number] | undefined;

  async end(): Promise<void> {
    this.#remote.stdin.flow();
    await settle();
    this.#shakeHands();
    this.#stage.host.end();
    for (let turn = 0; turn < 4; turn++) {
      await pass(45_000);
      this.#shakeHands();
    }
  }

  check(): void {
    const { lines, code } = this.#stage;
    expect(code).toBeTypeOf("number");
    const heard = this.#remotes.flatMap(({ stdin }) => stdin.text.split("\n").filter((line) => line !== ""));
    this.#asked.forEach(({ line, isCancelled }, id) => {
      expect(heard.filter((each) => each === line).length, line).toBeLessThanOrEqual(1);
      const answers = lines.filter((each) => new RegExp(`"id":${id},"(result|error)"`).test(each));
      if (isCancelled) expect(answers.length, line).toBeLessThanOrEqual(1);
      else expect(answers.length, line).toBe(1);
    });
    for (const line of lines) expect(line).not.toMatch(/"id":"mcp-ssh-client[^"]*","(result|error)"/);
    this.#checkServerRequests();
    const order = heard.flatMap((line) => /"id":(\d+),"method":"tools\/call"/.exec(line)?.slice(1).map(Number) ?? []);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    const said = lines.flatMap((line) => /"method":"m","params":\[(\d+)\]/.exec(line)?.slice(1).map(Number) ?? []);
    expect(said).toEqual(Array.from({ length: this.#notifications }, (_, n) => n));
  }

  /** Of one id there is one request at the host at a time: the next comes once it is answered or cancelled. */
  #checkServerRequests(): void {
    const open = new Set<string>();
    this.#stage.lines.forEach((line, at) => {
      for (const answer of this.#answeredByHost) if (answer.at === at) open.delete(answer.id);
      const [, asked] = /"id":("[^"]*"|\d+),"method":"roots\/list"/.exec(line) ?? [];
      const [, cancelled] = /"notifications\/cancelled".*"requestId":("[^"]*"|\d+)/.exec(line) ?? [];
      if (cancelled !== undefined) open.delete(cancelled);
      if (asked !== undefined) {
        expect(open, line).not.toContain(asked);
        open.add(asked);
      }
    });
  }

  /** As SDK servers count, each from 0. */
  #nextId(): number {
    const id = this.#ids.get(this.#remote) ?? 0;
    this.#ids.set(this.#remote, id + 1);
    return id;
  }

  /** A server asks with ids that it uses for one thing at a time; it does so once hands are shaken. */
  #isReady(): boolean {
    return !this.#isLost && (this.#remotes.length === 1 || this.#shaken.has(this.#remote));
  }

  #shakeHands(): void {
    if (this.#isLost || this.#shaken.has(this.#remote) || this.#remotes.length === 1) return;
    const [, id] = /"id":("mcp-ssh-client[^"]*"),"method":"initialize"/.exec(this.#remote.stdin.text) ?? [];
    if (id === undefined) return;
    this.#shaken.add(this.#remote);
    this.#remoteSays(`{"jsonrpc":"2.0","id":${id},"result":${identity}}`);
  }

  #heard(): string[] {
    return this.#remote.stdin.text.split("\n");
  }

  #hostSays(line: string): void {
    this.#stage.host.push(...pieces(new TextEncoder().encode(`${line}\n`), this.#lengths));
  }

  #remoteSays(line: string): void {
    if (!this.#isLost) this.#remote.say(...pieces(new TextEncoder().encode(`${line}\n`), this.#lengths));
  }
}

/** The server's requests that the host has seen and neither answered nor was told to forget. */
function openAtHost(
  lines: readonly string[],
  answered: readonly { readonly id: string; readonly at: number }[],
): string[] {
  const open: string[] = [];
  const close = (id: string | undefined): void => {
    const at = id === undefined ? -1 : open.indexOf(id);
    if (at >= 0) open.splice(at, 1);
  };
  lines.forEach((line, at) => {
    for (const answer of answered) if (answer.at === at) close(answer.id);
    const [, asked] = /"id":("[^"]*"|\d+),"method":"roots\/list"/.exec(line) ?? [];
    if (asked !== undefined) open.push(asked);
    close(/"notifications\/cancelled".*"requestId":("[^"]*"|\d+)/.exec(line)?.[1]);
  });
  for (const answer of answered) if (answer.at === lines.length) close(answer.id);
  return open;
}

/**
 * A host that keeps calls in flight over the built command: as one is answered the next is sent, until it is told to
 * rest. What it sends follows from the plan's seed.
 */

import { seeded } from "../mcp/cuts.ts";
import { type Exit, type Host, type Launch, startHost } from "../support/command.ts";
import type { Asked } from "./judge.ts";
import type { Plan } from "./plan.ts";

/** Each kind is told apart from the others: `7` is not `"7"`, and 2^53+1 is not for a parser. */
const ids: readonly ((number: number) => string)[] = [
  (number) => String(number),
  (number) => JSON.stringify(String(number)),
  (number) => JSON.stringify(`call/${number} "é"`),
];

export class BusyHost {
  readonly asked: Asked[] = [];
  readonly exit: Promise<Exit>;
  readonly host: Host;
  readonly #plan: Plan;
  readonly #random: () => number;
  #isResting = false;
  #replies = 0;
  #written = 0;
  readonly #waiting = new Set<() => void>();
  #hasEnded = false;

  constructor(launch: Launch, plan: Plan) {
    this.#plan = plan;
    this.#random = seeded(plan.seed + plan.trial);
    this.host = startHost(launch);
    this.exit = this.host.exit.finally(() => {
      this.#hasEnded = true;
      this.#wake();
    });
    this.#ask("initialize", {
      protocolVersion: "2025-06-18",
      capabilities: {},
      clientInfo: { name: "busy", version: "1" },
    });
    void this.#listen();
  }

  /** How many requests are in its stdin, read or not. */
  get written(): number {
    return this.#written;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Resolves after so many replies, or when our process has ended. */
  async replied(count: number): Promise<void> {
    await this.#until(() => this.#replies >= count);
  }

  /** As `replied`, counted from now on. */
  async repliedMore(count: number): Promise<void> {
    await this.replied(this.#replies + count);
  }

  /** Resolves when another link is in use, or our process has ended. */
  async restored(): Promise<void> {
    await this.host.stderrMatch(/The link to the remote MCP server is restored/).catch(() => undefined);
  }

  /** Sends nothing any more. */
  rest(): void {
    this.#isResting = true;
  }

  /** Resolves when every request is answered, or our process has ended. */
  async settled(): Promise<void> {
    await this.#until(() => this.#replies === this.asked.length);
  }

  async #until(condition: () => boolean): Promise<void> {
    if (condition() || this.#hasEnded) return;
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (!condition() && !this.#hasEnded) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
    });
  }

  async #listen(): Promise<void> {
    for (;;) {
      const line = await this.host.line().catch(() => undefined);
      if (line === undefined) return;
      this.#replies += 1;
      this.#wake();
      if (this.#isResting) continue;
      if (this.#replies === 1) this.#begin();
      else this.#call();
    }
  }

  #begin(): void {
    this.host.send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    for (let i = 0; i < this.#plan.inFlight; i++) this.#call();
  }

  /** Mostly a call; now and then what leaves nothing in the book. */
  #call(): void {
    if (this.#random() < 0.05) {
      this.#ask(this.#random() < 0.5 ? "ping" : "tools/list", {});
      return;
    }
    const call = `call-${this.asked.length}`;
    const wait = this.#random() * this.#plan.lateOne < 1 ? Math.floor(this.#random() * 10) : 0;
    const text = "x".repeat(this.#size());
    this.#ask("tools/call", { name: "record", arguments: { call, bytes: this.#size(), wait, text } }, call);
  }

  #size(): number {
    return Math.floor(this.#random() * this.#plan.longest);
  }

  #ask(method: string, params: object, call?: string): void {
    const number = this.asked.length;
    const id = ids[number % ids.length]?.(number) ?? "";
    this.asked.push({ id, ...(call === undefined ? {} : { call }) });
    const line = `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${JSON.stringify(params)}}\n`;
    this.host.child.stdin?.write(line, (error) => {
      if (!error) this.#written += 1;
    });
  }

  #wake(): void {
    for (const check of this.#waiting) check();
  }
}

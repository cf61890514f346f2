/**
 * List wait: the reference server finds tools, prompts and resources by what their list said last in this session, and
 * empties that while the list is asked for again. So a call waits for a list that is under way, and the first one asks
 * for it. Its lists are never in pages.
 */
import { type Deferred, deferred } from "../ssh/deferred.ts";
import { type HostLine, lengthOf } from "./host-route.ts";

/** One list, as in `tools/list`. */
interface List {
  /** Whether calls find what they need. */
  isThere: boolean;
  /** The keys of the ids of its requests without an answer. */
  readonly out: Set<string>;
  waiting: HostLine[];
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** Milliseconds that calls wait for a list: its servers are asked one by one, and one may hang. */
const LIST_TIMEOUT = 10_000;
/** Bytes of calls that may wait. */
const WAITING = 1024 * 1024;

export class ListWait {
  readonly #forward: (line: Pick<HostLine, "chunks" | "requests">) => void;
  readonly #lists = new Map<string, List>();
  /** The keys of the ids of our own requests. */
  readonly #own = new Set<string>();
  #count = 0;
  #length = 0;
  #room: Deferred<void> = deferred();

  /** `forward` takes lines to the server. */
  constructor(forward: (line: Pick<HostLine, "chunks" | "requests">) => void) {
    this.#forward = forward;
  }

  /** Resolves when more calls may come. */
  async room(): Promise<void> {
    while (this.#length > WAITING) await this.#room.promise;
  }

  /** The host has asked for `method`, which may be a list. */
  asked(method: string, key: string): void {
    if (method === "tools/list" || method === "prompts/list" || method === "resources/list") {
      this.#list(method).out.add(key);
    }
  }

  /** Forwards `line` when the list stands. */
  behind(method: string, line: HostLine): void {
    const list = this.#list(method);
    if (list.isThere && list.out.size === 0) {
      this.#forward(line);
      return;
    }
    list.waiting.push(line);
    this.#length += lengthOf(line);
    list.timer ??= setTimeout(() => this.#tooLate(method, list), LIST_TIMEOUT);
    if (list.out.size === 0) this.#ask(method, list);
  }

  /** Something was answered. Returns whether it answers a request of ours. */
  answered(key: string, isError: boolean): boolean {
    const isOwn = this.#own.delete(key);
    for (const [method, list] of this.#lists) {
      if (list.out.delete(key)) this.#settle(method, list, isOwn || !isError);
    }
    return isOwn;
  }

  /** Strikes off a call that waits here; false where there is none. */
  cancelled(key: string): boolean {
    for (const list of this.#lists.values()) {
      const index = list.waiting.findIndex(({ requests }) => requests.some(({ id }) => id.key === key));
      const [line] = index < 0 ? [] : list.waiting.splice(index, 1);
      if (line === undefined) continue;
      this.#makeRoom(lengthOf(line));
      return true;
    }
    return false;
  }

  /** Drops what waits. */
  stop(): void {
    for (const { timer } of this.#lists.values()) clearTimeout(timer);
    this.#lists.clear();
    this.#makeRoom(this.#length);
  }

  #list(method: string): List {
    const list = this.#lists.get(method) ?? { isThere: false, out: new Set(), waiting: [], timer: undefined };
    this.#lists.set(method, list);
    return list;
  }

  #ask(method: string, list: List): void {
    const id = `"mcp-ssh-client list ${++this.#count}"`;
    const key = `string mcp-ssh-client list ${this.#count}`;
    this.#own.add(key);
    list.out.add(key);
    const line = new TextEncoder().encode(`{"jsonrpc":"2.0","id":${id},"method":"${method}"}\n`);
    this.#forward({ chunks: [line], requests: [] });
  }

  #tooLate(method: string, list: List): void {
    list.out.clear();
    this.#settle(method, list, true);
  }

  /** `isThere`: whether the calls may go; where a list of ours failed, they are told so by the server. */
  #settle(method: string, list: List, isThere: boolean): void {
    list.isThere ||= isThere;
    if (list.out.size > 0) return;
    if (!list.isThere && list.waiting.length > 0) {
      this.#ask(method, list);
      return;
    }
    clearTimeout(list.timer);
    list.timer = undefined;
    const { waiting } = list;
    list.waiting = [];
    for (const line of waiting) {
      this.#makeRoom(lengthOf(line));
      this.#forward(line);
    }
  }

  #makeRoom(length: number): void {
    this.#length -= length;
    this.#room.resolve();
    this.#room = deferred();
  }
}

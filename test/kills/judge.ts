/**
 * The judge of a kill: compares what the host asked, what it was told and what the remote's book says was done. Pure.
 */

/** A request as the host sent it. */
export interface Asked {
  /** Its id as it stands in the line: `7` is not `"7"`. */
  readonly id: string;
  /** The line that it leaves in the book; undefined for what leaves none, as `ping`. */
  readonly call?: string;
}

export interface Evidence {
  /** In the order of their sending. */
  readonly asked: readonly Asked[];
  /** How many of them were in our stdin before the kill. */
  readonly due: number;
  /** All that came on our stdout. */
  readonly stdout: string;
  /** The remote's book. */
  readonly ledger: string;
  /** How our own process ended: killed in the middle of what it did, or in good order. */
  readonly isKilled: boolean;
}

/** What was wrong, a sentence each; none if all is well. */
export function judge({ asked, due, stdout, ledger, isKilled }: Evidence): readonly string[] {
  const replies = readReplies(stdout, isKilled);
  const book = readBook(ledger);
  const known = new Map(asked.map((request) => [request.id, request]));
  const answers = new Map<string, Reply>();
  const faults = [...replies.faults, ...book.faults];
  for (const reply of replies.found) {
    const request = known.get(reply.id);
    if (request === undefined) faults.push(`a reply for ${reply.id}, which nobody asked`);
    else if (answers.has(reply.id)) faults.push(`a second reply for ${reply.id}`);
    else if (!reply.isError && reply.call !== request.call) faults.push(`${reply.id} got the answer of ${reply.call}`);
    answers.set(reply.id, reply);
  }
  for (const { id, call } of asked) {
    if (call === undefined) continue;
    const times = book.counts.get(call) ?? 0;
    const reply = answers.get(id);
    if (times > 1) faults.push(`${call} was done ${times} times`);
    if (reply?.isError === false && times === 0) faults.push(`${call} was answered and never done`);
    if (reply?.isNeverRun && times > 0) faults.push(`${call} was done, and the host was told that it was not`);
    if (reply === undefined && times > 0 && !isKilled) faults.push(`${call} was done, and the host was told nothing`);
  }
  const calls = asked.flatMap(({ call }) => call ?? []);
  faults.push(...outOfPlace(book.order, calls));
  if (!isKilled) faults.push(...unheard(asked, due, answers));
  return faults;
}

/** How the requests of a trial ended. */
export interface Tally {
  /** Answered by the remote. */
  readonly results: number;
  /** Answered by us. */
  readonly errors: number;
  /** Answered by nobody. */
  readonly silence: number;
  /** Done, and not answered by the remote. */
  readonly uncertain: number;
}

export function tally({ asked, stdout, ledger, isKilled }: Evidence): Tally {
  const { found } = readReplies(stdout, isKilled);
  const results = new Set(found.filter(({ isError }) => !isError).map(({ id }) => id));
  const { counts } = readBook(ledger);
  const uncertain = asked.filter(({ id, call }) => counts.has(call ?? "") && !results.has(id)).length;
  const errors = found.length - results.size;
  return { results: results.size, errors, silence: asked.length - found.length, uncertain };
}

interface Reply {
  readonly id: string;
  readonly isError: boolean;
  /** Whether it says that nothing was run. */
  readonly isNeverRun: boolean;
  /** Of which call it is the answer, by what the remote says. */
  readonly call: string | undefined;
}

function readReplies(stdout: string, isKilled: boolean): { found: readonly Reply[]; faults: readonly string[] } {
  const lines = stdout.split("\n");
  const half = lines.pop();
  const faults: string[] = [];
  const found: Reply[] = [];
  if (half !== "" && !isKilled) faults.push(`half a line on stdout: ${shown(half)}`);
  for (const line of lines) {
    const reply = readReply(line);
    if (typeof reply === "string") faults.push(reply);
    else found.push(reply);
  }
  return { found, faults };
}

/** A string is what is wrong with it. */
function readReply(line: string): Reply | string {
  let message: ReplyMessage;
  try {
    message = JSON.parse(line);
  } catch {
    return `no JSON on stdout: ${shown(line)}`;
  }
  const { jsonrpc, id, result, error } = message;
  if (jsonrpc !== "2.0" || id === undefined || (result === undefined) === (error === undefined))
    return `no reply on stdout: ${shown(line)}`;
  if (error !== undefined && !(error.code === -31001 && error.data?.source === "mcp-ssh-client"))
    return `an error that is not ours: ${shown(line)}`;
  return {
    id: JSON.stringify(id),
    isError: error !== undefined,
    isNeverRun: error?.data?.mayHaveRun === false,
    call: result?.structuredContent?.call,
  };
}

interface ReplyMessage {
  readonly jsonrpc?: string;
  readonly id?: string | number;
  readonly result?: { readonly structuredContent?: { readonly call?: string } };
  readonly error?: {
    readonly code?: number;
    readonly data?: { readonly source?: string; readonly mayHaveRun?: boolean };
  };
}

interface Book {
  readonly order: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
  readonly faults: readonly string[];
}

function readBook(ledger: string): Book {
  const order = ledger.split("\n");
  const half = order.pop();
  const counts = new Map<string, number>();
  for (const call of order) counts.set(call, (counts.get(call) ?? 0) + 1);
  return { order, counts, faults: half === "" ? [] : [`half a line in the book: ${shown(half)}`] };
}

/** What the book has that was never asked, or was asked later than what stands behind it. */
function outOfPlace(book: readonly string[], calls: readonly string[]): readonly string[] {
  const places = new Map(calls.map((call, place) => [call, place]));
  let last = -1;
  return book.flatMap((call) => {
    const place = places.get(call);
    if (place === undefined) return `${shown(call)} was done, which nobody asked`;
    if (place < last) return `${call} was done after what was asked later`;
    last = place;
    return [];
  });
}

/**
 * What had been written before the kill is read and answered. What came later may meet our end, but stdin is read in
 * order: such requests are the last ones.
 */
function unheard(asked: readonly Asked[], due: number, answers: ReadonlyMap<string, Reply>): readonly string[] {
  const last = asked.findLastIndex(({ id }) => answers.has(id));
  return asked.slice(0, Math.max(due, last)).flatMap(({ id }) => (answers.has(id) ? [] : `no reply for ${id}`));
}

function shown(text: string | undefined): string {
  return JSON.stringify(text?.slice(0, 200));
}

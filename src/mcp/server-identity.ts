/** Server identity: who answered `initialize`, so that it shows whether the same one answers again. */

/** What an answer to `initialize` says of the server, each part as one text for equal values. */
export interface Identity {
  readonly protocolVersion: string;
  readonly serverInfo: string;
  readonly capabilities: string;
  /** The notifications that it may send of lists that have changed. */
  readonly listChanged: readonly string[];
}

/** Longer answers are not compared, nor copied to be, bytes: nothing of a server's may fill our memory. */
export const LONGEST_ANSWER: number = 1024 * 1024;

const lists = ["tools", "prompts", "resources"] as const;
const parts = ["protocolVersion", "serverInfo", "capabilities"] as const;

/** Reads an answer to `initialize`, one message; undefined where it is an error, or too long. */
export function identityOf(answer: Uint8Array): Identity | undefined {
  if (answer.length > LONGEST_ANSWER) return undefined;
  try {
    const { result } = JSON.parse(new TextDecoder().decode(answer)) as { result?: Members };
    if (typeof result !== "object" || result === null) return undefined;
    const declared = (result["capabilities"] ?? {}) as Readonly<Record<string, Members | undefined>>;
    const listChanged = lists.filter((name) => declared[name]?.["listChanged"] === true);
    return {
      protocolVersion: canonical(result["protocolVersion"]),
      serverInfo: canonical(result["serverInfo"]),
      capabilities: canonical(result["capabilities"]),
      listChanged: listChanged.map((name) => `notifications/${name}/list_changed`),
    };
  } catch {
    return undefined; // nested deeper than a stack goes
  }
}

/** The first part in which they differ; undefined where they are the same. */
export function differenceOf(one: Identity, other: Identity): (typeof parts)[number] | undefined {
  return parts.find((part) => one[part] !== other[part]);
}

type Members = Readonly<Record<string, unknown>>;

/** One text for values that are equal, whatever the order of their members. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "";
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(",")}}`;
}

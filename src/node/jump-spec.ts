/**
 * Jump spec: the servers on the way to another, as ssh's ProxyJump and `-J` name them. Pure.
 */

/** One stop on the way to a host. */
export interface JumpSpec {
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
}

/** `none`, or `[user@]host[:port]` and `ssh://[user@]host[:port]` with commas between; undefined where it is neither. */
export function parseJumps(text: string): readonly JumpSpec[] | undefined {
  if (text.toLowerCase() === "none") return [];
  const specs = text.split(",").map(parseJump);
  return specs.every((spec) => spec !== undefined) ? specs : undefined;
}

function parseJump(text: string): JumpSpec | undefined {
  const isUri = text.startsWith("ssh://");
  const plain = isUri ? text.slice("ssh://".length).replace(/\/$/, "") : text;
  const at = plain.lastIndexOf("@");
  const user = at < 0 ? undefined : plain.slice(0, at);
  const place = /^(?:\[([^[\]]+)\]|([^:[\]]+))(?::([0-9]*))?$/.exec(plain.slice(at + 1));
  const host = place?.[1] ?? place?.[2];
  const digits = place?.[3] ?? "";
  const port = portOf(digits);
  if (host === undefined || user === "" || (digits !== "" && port === undefined)) return undefined;
  return { host, port, user: isUri && user !== undefined ? decoded(user) : user };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A port as ssh reads it; undefined where it is none. */
export function portOf(raw: string): number | undefined {
  const value = /^[0-9]{1,9}$/.test(raw) ? Number(raw) : 0;
  return value >= 1 && value <= 65_535 ? value : undefined;
}

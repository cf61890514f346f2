/**
 * Legal: which message numbers the server may send, by step of the key exchange and phase of the connection. Consulted
 * once per packet, before anything is decoded: Terrapin, rogue extension and every other skipped or early message end
 * here. RFC 4253 §7.1, RFC 4252 §6, RFC 4250 §4.1.1, OpenSSH PROTOCOL 1.10 (strict kex).
 */
import * as m from "./messages.ts";

/** Where the connection stands once keys are in use. */
export type Phase = "service" | "userauth" | "connection";

/** Where the key exchange stands, as the peer's messages are concerned. */
export type KexPosition =
  /** The first exchange, our KEXINIT is out. */
  | "first-init-sent"
  | "first-reply-wait"
  | "first-newkeys-wait"
  /** A later one that we began: what the peer sent before it saw our KEXINIT is still coming. */
  | "rekey-init-sent"
  | "rekey-reply-wait"
  | "rekey-newkeys-wait"
  | "open";

/** Legal anywhere but in a strict first exchange, where only DISCONNECT is. RFC 4253 §11. */
const always: readonly number[] = [m.DISCONNECT.number, m.IGNORE.number, m.UNIMPLEMENTED.number, m.DEBUG.number];

/** Where keys are in use and no exchange runs. A second EXT_INFO may come before USERAUTH_SUCCESS. RFC 8308 §2.4. */
const byPhase: Readonly<Record<Phase, readonly number[]>> = {
  service: [m.SERVICE_ACCEPT.number, m.EXT_INFO.number],
  userauth: [
    m.EXT_INFO.number,
    m.USERAUTH_FAILURE.number,
    m.USERAUTH_SUCCESS.number,
    m.USERAUTH_BANNER.number,
    m.USERAUTH_PK_OK.number,
    m.PING.number,
    m.PONG.number,
  ],
  connection: [
    m.GLOBAL_REQUEST.number,
    m.REQUEST_SUCCESS.number,
    m.REQUEST_FAILURE.number,
    m.CHANNEL_OPEN.number,
    m.CHANNEL_OPEN_CONFIRMATION.number,
    m.CHANNEL_OPEN_FAILURE.number,
    m.CHANNEL_WINDOW_ADJUST.number,
    m.CHANNEL_DATA.number,
    m.CHANNEL_EXTENDED_DATA.number,
    m.CHANNEL_EOF.number,
    m.CHANNEL_CLOSE.number,
    m.CHANNEL_REQUEST.number,
    m.CHANNEL_SUCCESS.number,
    m.CHANNEL_FAILURE.number,
    m.PING.number,
    m.PONG.number,
  ],
};

/** What the exchange itself waits for. RFC 4253 §7.1: no other message may come between KEXINIT and NEWKEYS. */
const byPosition: Readonly<Record<KexPosition, number>> = {
  "first-init-sent": m.KEXINIT.number,
  "first-reply-wait": m.KEX_ECDH_REPLY.number,
  "first-newkeys-wait": m.NEWKEYS.number,
  "rekey-init-sent": m.KEXINIT.number,
  "rekey-reply-wait": m.KEX_ECDH_REPLY.number,
  "rekey-newkeys-wait": m.NEWKEYS.number,
  open: m.KEXINIT.number,
};

let known: ReadonlyMap<number, string> | undefined;

/**
 * Every number that has a meaning, for us or for a server: the rest is answered UNIMPLEMENTED. RFC 4253 §11.4. Made for the
 * first that asks: few connections come to that, and each message's layout is looked up in it.
 */
function names(): ReadonlyMap<number, string> {
  known ??= new Map(
    Object.values(m).flatMap((entry) => ("number" in entry ? [[entry.number, entry.name] as const] : [])),
  );
  return known;
}

/** The message's name in the RFCs, or its number. */
export function nameOf(number: number): string {
  return names().get(number) ?? `message ${number}`;
}

/** Whether a number has a meaning at all. */
export function isKnown(number: number): boolean {
  return names().has(number);
}

/** What the exchange waits for at `position`, by name. */
export function expectedAt(position: KexPosition): string {
  return nameOf(byPosition[position]);
}

/** Whether the server may send message `number` now; `strict`: the peer takes part in strict kex. */
export function isLegal(number: number, position: KexPosition, phase: Phase, strict: boolean): boolean {
  if (number === byPosition[position]) return true;
  if (position.startsWith("first") && strict) return number === m.DISCONNECT.number;
  if (always.includes(number)) return true;
  return (position === "open" || position === "rekey-init-sent") && byPhase[phase].includes(number);
}

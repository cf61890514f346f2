/**
 * Steps: what a script is made of. A script is a list of steps, which the peer takes one after the other; a deviation is
 * an edit of it: steps put before, after or in the place of one that has a label. All of it is data.
 */
import type { Bend } from "../support/peer-crypto.ts";
import type { Seen } from "./peer.ts";

/** A payload, or what makes one of what the client has said. */
export type Payload = Uint8Array | ((seen: Seen) => Uint8Array);

/** The lists of a KEXINIT. RFC 4253 §7.1. */
export interface KexLists {
  readonly kex: readonly string[];
  readonly hostKey: readonly string[];
  readonly cipherToServer: readonly string[];
  readonly cipherToClient: readonly string[];
  readonly mac: readonly string[];
  readonly compression: readonly string[];
  readonly firstKexPacketFollows: boolean;
}

/** What is wrong with a KEX_ECDH_REPLY. What is not named is right: the signature covers what is really sent. */
export interface ReplyBend {
  /** Whose key signs and is shown: another one's. */
  readonly key?: "known" | "another";
  /** The blob that is shown, made from the right one. */
  readonly blob?: (right: Uint8Array) => Uint8Array;
  /** The server's share; K is then `K`, all zeros unless given. */
  readonly share?: Uint8Array;
  /** Tries shares until K, 32 bytes, is like this. */
  readonly whereK?: (K: Uint8Array) => boolean;
  readonly signature?: (right: Uint8Array, H: Uint8Array, seen: Seen) => Uint8Array;
  /** What follows the last field. */
  readonly trailing?: Uint8Array;
}

interface Repeated {
  /** How often; once unless given. */
  readonly times?: number;
  /** Milliseconds between. */
  readonly pause?: number;
}

/** What happens to a packet: framed wrongly by the server, or changed on the way. */
export interface Damage {
  readonly bend?: Bend;
  /** The bytes of which one bit is flipped on the way: from the start, or from the end where negative. */
  readonly flip?: readonly number[];
  /** How many bytes of it are sent; where negative, how many at its end are not. */
  readonly cut?: number;
}

export type Step = { readonly label?: string } & (
  | ({ readonly do: "raw"; readonly bytes: string | Uint8Array } & Repeated)
  | ({ readonly do: "send"; readonly payload: Payload } & Damage & Repeated)
  /** Several packets in one write, so that the client meets them together. */
  | { readonly do: "flight"; readonly payloads: readonly Payload[] }
  /** The packet that was sent last, once more, byte for byte. */
  | ({ readonly do: "replay" } & Repeated)
  /** Somebody on the path puts a packet in that the server knows nothing of. */
  | { readonly do: "inject"; readonly payload: Uint8Array }
  /** The server sends it; somebody on the path takes it away. */
  | { readonly do: "swallow"; readonly payload: Uint8Array }
  | { readonly do: "kexinit"; readonly lists?: Partial<KexLists>; readonly trailing?: Uint8Array }
  | { readonly do: "reply"; readonly bend?: ReplyBend }
  | { readonly do: "newkeys"; readonly trailing?: Uint8Array }
  /** A text as often as said in the client's channel, many to a packet, as far as the client's window lets it. */
  | { readonly do: "pour"; readonly text: string; readonly times: number; readonly isStderr?: boolean }
  /** The next packet of this number that no `await` has taken yet. */
  | { readonly do: "await"; readonly number: number }
  | { readonly do: "await-version" }
  /** All lines of the host. */
  | { readonly do: "await-lines" }
  /** The client, which has to go by itself. */
  | { readonly do: "await-end" }
  | { readonly do: "pause"; readonly milliseconds: number }
  | { readonly do: "stop-reading" }
  | { readonly do: "read-again" }
  /** FIN: the server can still read. */
  | { readonly do: "half-close" }
  | { readonly do: "reset" }
);

export type Script = readonly Step[];

export const raw = (bytes: string | Uint8Array, repeated: Repeated = {}): Step => ({ do: "raw", bytes, ...repeated });
export const send = (payload: Payload, options: Repeated & Damage = {}): Step => ({ do: "send", payload, ...options });
export const flight = (...payloads: readonly Payload[]): Step => ({ do: "flight", payloads });
export const replay = (): Step => ({ do: "replay" });
export const inject = (payload: Uint8Array): Step => ({ do: "inject", payload });
export const swallow = (payload: Uint8Array): Step => ({ do: "swallow", payload });
export const kexinit = (lists: Partial<KexLists> = {}): Step => ({ do: "kexinit", lists });
export const reply = (bend: ReplyBend = {}): Step => ({ do: "reply", bend });
export const newkeys = (): Step => ({ do: "newkeys" });
export const pour = (text: string, times: number): Step => ({ do: "pour", text, times });
export const pourStderr = (text: string, times: number): Step => ({ do: "pour", text, times, isStderr: true });
export const awaitNumber = (number: number): Step => ({ do: "await", number });
/** Nothing more, until the client goes. */
export const silence = (): Step => ({ do: "await-end" });
export const pause = (milliseconds: number): Step => ({ do: "pause", milliseconds });
export const stopReading = (): Step => ({ do: "stop-reading" });
export const readAgain = (): Step => ({ do: "read-again" });
export const halfClose = (): Step => ({ do: "half-close" });
export const reset = (): Step => ({ do: "reset" });

/** One place of a script, and what is put there. */
export interface Edit {
  readonly place: "before" | "after" | "instead";
  /** The label of a step. */
  readonly at: string;
  readonly steps: Script;
}

export const before = (at: string, ...steps: Script): Edit => ({ place: "before", at, steps });
export const after = (at: string, ...steps: Script): Edit => ({ place: "after", at, steps });
export const instead = (at: string, ...steps: Script): Edit => ({ place: "instead", at, steps });

/** The script with the edits in it. @throws RangeError where a label is not there, or there twice. */
export function edited(script: Script, edits: readonly Edit[]): Script {
  return edits.reduce((steps, edit) => editedOnce(steps, edit), script);
}

function editedOnce(script: Script, { place, at, steps }: Edit): Script {
  const found = script.filter(({ label }) => label === at).length;
  if (found !== 1) throw new RangeError(`${found} steps have the label ${at}`);
  return script.flatMap((step) => {
    if (step.label !== at) return [step];
    if (place === "instead") return steps;
    return place === "before" ? [...steps, step] : [step, ...steps];
  });
}

/**
 * Messages: the answers that we make in the remote's name. Code -31001 lies outside -32768..-32000, so that no host
 * takes them for the server's own; `data.source` says whose they are. And -32601, for a remote that would say so if it could.
 */
import { printable } from "../ssh/printable.ts";
import { joined } from "./held-bytes.ts";
import type { MessageId } from "./message-id.ts";
import { MOST_FROM_HOST, MOST_HOST_NAMES, type PendingRequest } from "./pending.ts";
import { describe, provesNothingRan, type RemoteEnd, signalName } from "./remote-end.ts";

/** The remote is gone, was never reached, or did not answer. */
export const REMOTE_UNAVAILABLE = -31001;
/** JSON-RPC's own, where the remote does not know a method and would not say so. */
export const METHOD_NOT_FOUND = -32601;
/** The probe of hosts of protocol 2026-07-28. */
export const DISCOVER = "server/discover";
/** `data.source` of every error that we make. */
export const SOURCE = "mcp-ssh-client";

/** Why we answer, as `data.reason`, and in words. */
export interface Reason {
  readonly reason:
    | RemoteEnd["how"]
    | "no-first-reply"
    | "no-answer"
    | "line-too-long"
    | "too-many-requests"
    | "withheld"
    | "stopped";
  /** One or more sentences without the last full stop, printable. */
  readonly text: string;
  /** Whether the remote has carried out nothing, whatever was sent. */
  readonly isNothingRun?: boolean;
  /** More members of `data`. */
  readonly details?: Readonly<Record<string, string | number>>;
}

/** The answer to one request, a line with its newline; `stderr`: the remote's last lines, printable. */
export function answerLine(request: PendingRequest, why: Reason, stderr: readonly string[]): Uint8Array {
  const error = {
    code: REMOTE_UNAVAILABLE,
    message: [`${why.text}.${mayHaveRun(request, why)}`, ...quoted(stderr)].join("\n"),
    data: {
      source: SOURCE,
      reason: why.reason,
      ...why.details,
      mayHaveRun: request.isSent && why.isNothingRun !== true,
      stderr,
    },
  };
  return errorLine(request.id, error);
}

/** Why we say that the remote has no such method, as `data.reason`. */
export type Refusal = keyof typeof refusals;

const refusals = {
  "not-in-reference-server": "m2m-mcp-server-ssh-server does not know it, and would never answer again if it were sent",
  "probe-unanswered": "the remote did not answer it, so it is taken for a server of a protocol before 2026-07-28",
} as const;

/** Why a request was not sent to a server that would be mute for ever after it; `fault` stands behind "request". */
export function withheldReason(method: string | undefined, fault: string): Reason {
  const request = `A ${printable(method ?? "", 100)} request ${fault}`;
  return { reason: "withheld", text: `${request} would make m2m-mcp-server-ssh-server mute for ever` };
}

/** `Method not found` in the remote's name, a line with its newline. */
export function refusalLine({ id, method }: PendingRequest, why: Refusal): Uint8Array {
  return errorLine(id, refusal(method, why));
}

/** The error of that. */
export function refusal(method: string | undefined, why: Refusal): { code: number; message: string; data: object } {
  const message = `Method not found: ${refusals[why]}`;
  return { code: METHOD_NOT_FOUND, message, data: { source: SOURCE, reason: why, method } };
}

/** `notifications/cancelled` in the remote's name, a line with its newline: nobody waits for the host's answer any more. */
export function cancelledLine({ raw }: MessageId): Uint8Array {
  const reason = "the link to the remote MCP server, which asked this, was lost";
  const before = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":';
  return around(before, raw, `,"reason":${JSON.stringify(reason)}}}\n`);
}

/** Why requests are answered once the remote is gone. `hasReply`: whether it ever answered anything. */
export function goneReason(end: RemoteEnd, hasReply: boolean): Reason {
  const why = { reason: end.how, text: describe(end), isNothingRun: !hasReply && provesNothingRan(end) };
  if (end.how === "exited") return { ...why, details: { status: end.status } };
  if (end.how === "killed") return { ...why, details: { signal: end.signal } };
  return why;
}

/** `cure`: what to do about it, a sentence without the full stop. */
export function noFirstReplyReason(milliseconds: number, cure: string = FIRST_REPLY_CURE): Reason {
  const what = `The remote MCP server has not answered the first request within ${milliseconds / 1000} s`;
  return { reason: "no-first-reply", text: `${what}. ${cure}` };
}

/** At the end, what is still owed after `milliseconds`. */
export function noAnswerReason(milliseconds: number): Reason {
  const text = `The remote MCP server gave no answer within ${milliseconds / 1000} s of the end of the input`;
  return { reason: "no-answer", text };
}

/** At the end that a signal makes, what is still owed. */
export function stoppedReason(signal: number): Reason {
  const text = `mcp-ssh-client was told to end, by ${signalName(signal)}, before the remote MCP server had answered`;
  return { reason: "stopped", text };
}

/** Why a request beyond what may wait is answered at once. */
export const EXCESS_REASON: Reason = {
  reason: "too-many-requests",
  text: `${MOST_FROM_HOST} requests wait for the remote MCP server's answers, or ids and methods of ${MOST_HOST_NAMES} bytes: no more can`,
};

/** Why what still waits is answered when the host leaves. */
export const LEFT_REASON: Reason = {
  reason: "link-lost",
  text: "The link to the remote MCP server was lost, and the host's input ended before there was another one",
};

const FIRST_REPLY_CURE =
  "Check that what runs there is an MCP server on stdin and stdout, that it is not still being downloaded, and that it " +
  "does not wait for input";

function mayHaveRun({ isSent }: PendingRequest, { reason, isNothingRun }: Reason): string {
  if (reason === "connect-failed" || reason === "line-too-long") return "";
  if (isSent && isNothingRun) return " The call did not run.";
  return isSent ? " The call may have run." : " The request was never sent.";
}

function quoted(stderr: readonly string[]): string[] {
  return stderr.length === 0 ? [] : ["Its stderr ended with:", ...stderr];
}

function errorLine({ raw }: MessageId, error: object): Uint8Array {
  return around('{"jsonrpc":"2.0","id":', raw, `,"error":${JSON.stringify(error)}}\n`);
}

/** The id goes back as it was written, byte for byte. */
function around(before: string, id: Uint8Array, after: string): Uint8Array {
  const utf8 = new TextEncoder();
  return joined([utf8.encode(before), id, utf8.encode(after)]);
}

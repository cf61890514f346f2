/**
 * Checkup: a session that stands, examined as a host would: the first answer, the protocol that is spoken, the tools.
 * `server/discover` is asked in a session of its own, since older servers may never speak again after it.
 */
import { Interview, type JsonObject, type Reply } from "../mcp/interview.ts";
import type { RemoteSession } from "../mcp/link.ts";
import { METHOD_NOT_FOUND } from "../mcp/messages.ts";
import { NOISE_CURE } from "../mcp/noise.ts";
import { mayBeReferenceServer, REFERENCE_CURE } from "../mcp/reference-server.ts";
import { happened, type RemoteEnd } from "../mcp/remote-end.ts";
import { shellQuoted } from "../node/files.ts";
import type { SessionRequest } from "../ssh/connection.ts";
import { printable } from "../ssh/printable.ts";
import { sshCommand } from "./commands.ts";
import type { Explanation } from "./failure.ts";
import type { Report } from "./report.ts";
import type { Settings } from "./settings.ts";

const modern = "2026-07-28";
const handshake = "2025-11-25";
const clientInfo = { name: "mcp-ssh-client doctor", version: "1" };
const meta: JsonObject = {
  "io.modelcontextprotocol/protocolVersion": modern,
  "io.modelcontextprotocol/clientInfo": clientInfo,
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** A server may need as long to start for the second time as it did for the first. */
const discoverLeast = 3_000;

/** How long nobody wonders, in milliseconds. */
const shortWait = 2_000;

const mostPages = 20;
const mostNames = 100;

/**
 * Tells the report of the steps behind `channel`, and calls `onWait` where the first reply takes its time. Ends the
 * sessions; the connection is the caller's.
 */
export async function examine(
  remote: RemoteSession,
  settings: Settings,
  report: Report,
  onWait: () => void = () => undefined,
): Promise<void> {
  const interview = new Interview(remote);
  let probe: Interview | undefined;
  let elsewhere: Discovery["elsewhere"];
  try {
    const since = performance.now();
    const waiting = setTimeout(onWait, shortWait);
    const hello = await interview
      .ask("initialize", helloParams, settings.firstReplyTimeout)
      .finally(() => clearTimeout(waiting));
    const took = performance.now() - since;
    if (hello.how === "silent" || hello.how === "gone") {
      const words = unanswered(hello, interview, settings);
      const cure = isReference(remote, settings) ? REFERENCE_CURE : words.cure;
      report.failed("first-reply", { ...words, cure });
      return;
    }
    if (interview.noise.length > 0) report.note(`${noiseWords} ${quotedLines(interview.noise)}. ${NOISE_CURE}`);
    report.passed("first-reply", firstReply(hello));
    const patience = Math.min(settings.probeTimeout, discoverLeast + 2 * took);
    const discovery = isReference(remote, settings) ? reference : await discover(remote, settings, patience);
    probe = discovery.interview;
    elsewhere = discovery.elsewhere;
    const era = eraOf(hello, discovery);
    if ("cure" in era) {
      report.failed("protocol", era);
      return;
    }
    report.passed("protocol", era.detail);
    if (hello.how === "result") interview.tell("notifications/initialized");
    const asked = hello.how === "result" ? { interview, result: hello.result, params: {} } : era.modern;
    await listTools(asked ?? { interview, result: {}, params: {} }, settings, report);
  } finally {
    await Promise.all([interview.leave(), probe?.leave()]);
    await elsewhere?.close();
  }
}

const helloParams = { protocolVersion: handshake, capabilities: {}, clientInfo };

// The first reply

const noiseWords = "its stdout had what is no MCP message, which is kept from hosts:";

function firstReply(hello: Reply): string {
  if (hello.how === "error") {
    return `initialize was answered with error ${hello.code}: ${printable(hello.message, 200)}`;
  }
  const who = hello.how === "result" ? serverOf(hello.result["serverInfo"]) : "";
  return `initialize was answered${who === "" ? "" : ` by ${who}`}`;
}

function serverOf(info: unknown): string {
  if (typeof info !== "object" || info === null) return "";
  const { name, version } = info as { name?: unknown; version?: unknown };
  return [name, version]
    .filter((text) => typeof text === "string")
    .map((text) => printable(String(text), 80))
    .join(" ");
}

function unanswered(
  reply: Extract<Reply, { how: "silent" | "gone" }>,
  interview: Interview,
  settings: Settings,
): Explanation {
  const said = saidBy(interview);
  if (reply.how === "gone") return { what: `${happened(reply.end)}${said}`, cure: cureOfEnd(reply.end, settings) };
  const what = `no answer to initialize within ${settings.firstReplyTimeout / 1000} s${said}`;
  if (interview.noise.length > 0) return { what, cure: `${startsServer(settings.request)}; ${NOISE_CURE}` };
  return { what, cure: `${startsServer(settings.request)}; if it is only slow, raise --first-reply-timeout` };
}

function saidBy({ noise, stderr }: Interview): string {
  const out = noise.length === 0 ? "" : `; its stdout had: ${quotedLines(noise)}`;
  return stderr.length === 0 ? out : `${out}; its stderr ended with: ${quotedLines(stderr.slice(-3))}`;
}

function quotedLines(lines: readonly string[]): string {
  return lines.map((line) => `"${line}"`).join(", ");
}

function startsServer(request: SessionRequest): string {
  if ("exec" in request) return "check that --command starts an MCP server that speaks on stdin and stdout";
  if ("subsystem" in request)
    return "check that the subsystem's command in sshd_config is an MCP server on stdin and stdout";
  return "a login shell is no MCP server unless the server gives its own in its place: say what to start with --command";
}

function cureOfEnd(end: RemoteEnd, settings: Settings): string {
  const { request } = settings;
  const status = end.how === "exited" ? end.status : undefined;
  const command = "exec" in request ? request.exec : "";
  const [program = ""] = command.trim().split(/\s+/);
  if (status === 127 && command !== "") {
    const ask = sshCommand(settings, `bash -lc "command -v ${program}"`);
    return (
      "a non-interactive shell there has a shorter PATH than a login shell: give the whole path, which this may tell: " +
      `${ask}; or have a login shell start it: --command ${shellQuoted(`bash -lc ${shellQuoted(command)}`)}`
    );
  }
  if (status === 126) return `it is there, but not executable: chmod +x it there, or name its interpreter in --command`;
  if (end.how === "link-lost") return "look at the server's log";
  if ("shell" in request) return startsServer(request);
  return "start it by hand there, and see what it says; it must go on until its stdin ends";
}

// The era

/** What `server/discover` came to. */
interface Discovery {
  readonly interview: Interview | undefined;
  readonly reply: Reply | undefined;
  /** Why there is no result, in words. */
  readonly words: string;
  /** The connection of the second session, where it has one of its own. */
  readonly elsewhere?: RemoteSession["connection"];
}

const reference: Discovery = {
  interview: undefined,
  reply: undefined,
  words: "not asked of what may be m2m-mcp-server-ssh-server, which would never speak again",
};

function isReference(remote: RemoteSession, { referenceServer }: Settings): boolean {
  return referenceServer === "on" || (referenceServer === "auto" && mayBeReferenceServer(remote));
}

async function discover(
  { reopen, connection }: RemoteSession,
  settings: Settings,
  patience: number,
): Promise<Discovery> {
  const again = await reopen?.(AbortSignal.timeout(settings.channelTimeout)).catch(() => undefined);
  if (again === undefined) return { interview: undefined, reply: undefined, words: "not asked: no second session" };
  const interview = new Interview(again);
  const reply = await interview.ask("server/discover", { _meta: meta }, patience);
  const isElsewhere = again.connection !== connection;
  return { interview, reply, words: wordsOf(reply, patience), ...(isElsewhere && { elsewhere: again.connection }) };
}

function wordsOf(reply: Reply, patience: number): string {
  switch (reply.how) {
    case "result":
      return "answered";
    case "error":
      return reply.code === METHOD_NOT_FOUND
        ? "not known to it, as to all servers before 2026-07-28"
        : `answered with error ${reply.code}`;
    case "silent":
      return `no answer in ${(patience / 1000).toFixed(1)} s, so hosts that ask it first are answered in its name`;
    case "gone":
      return "it ended of it, so hosts that ask it first are answered in its name";
  }
}

interface Era {
  readonly detail: string;
  readonly modern: Conversation | undefined;
}

function eraOf(hello: Reply, { interview, reply, words }: Discovery): Era | Explanation {
  const versions = reply?.how === "result" ? namesIn(reply.result["supportedVersions"]) : [];
  const isModern = interview !== undefined && reply?.how === "result" && versions.length > 0;
  const old = hello.how === "result" ? printable(String(hello.result["protocolVersion"]), 40) : undefined;
  if (!isModern && old === undefined) {
    const what = `it answers initialize with an error, and server/discover is ${words}`;
    return { what, cure: "no host can use such a server: see its documentation, or update it" };
  }
  const old_ = old === undefined ? "" : `${old} (initialize)`;
  if (!isModern) return { detail: `${old_}; server/discover: ${words}`, modern: undefined };
  const detail = [`${versions.join(", ")} (server/discover)`, ...(old === undefined ? [] : [old_])].join("; ");
  return { detail, modern: { interview, result: reply.result, params: { _meta: meta } } };
}

function namesIn(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((name) => typeof name === "string").map((name) => printable(name, 64));
}

// The tools

/** Whom to ask, what they said of themselves, and what goes with each question. */
interface Conversation {
  readonly interview: Interview;
  readonly result: JsonObject;
  readonly params: JsonObject;
}

async function listTools(
  { interview, result, params }: Conversation,
  settings: Settings,
  report: Report,
): Promise<void> {
  const capabilities = result["capabilities"];
  if (typeof capabilities === "object" && capabilities !== null && !("tools" in capabilities)) {
    report.passed("tools", "none: it announces no tools");
    return;
  }
  const names: string[] = [];
  let cursor: unknown;
  for (let page = 0; page < mostPages; page++) {
    const more = cursor === undefined ? params : { ...params, cursor };
    const reply = await interview.ask("tools/list", more, settings.firstReplyTimeout);
    if (reply.how !== "result") {
      report.failed("tools", failedList(reply, interview, settings));
      return;
    }
    names.push(...toolNames(reply.result["tools"]));
    cursor = reply.result["nextCursor"];
    if (cursor === undefined || cursor === null || cursor === "") break;
  }
  const shown = names.slice(0, mostNames).join(", ");
  const count = `${names.length} tool${names.length === 1 ? "" : "s"}`;
  report.passed("tools", names.length === 0 ? "none" : `${count}: ${shown}${names.length > mostNames ? ", ..." : ""}`);
}

function toolNames(tools: unknown): readonly string[] {
  if (!Array.isArray(tools)) return [];
  return namesIn(tools.map((tool: unknown) => (tool as { name?: unknown } | null)?.name));
}

function failedList(reply: Exclude<Reply, { how: "result" }>, interview: Interview, settings: Settings): Explanation {
  const cure = "look at the server's own log";
  switch (reply.how) {
    case "error":
      return { what: `tools/list was answered with error ${reply.code}: ${printable(reply.message, 200)}`, cure };
    case "silent":
      return {
        what: `no answer to tools/list within ${settings.firstReplyTimeout / 1000} s${saidBy(interview)}`,
        cure,
      };
    case "gone":
      return { what: `${happened(reply.end)}${saidBy(interview)}`, cure };
  }
}

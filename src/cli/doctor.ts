/**
 * Doctor: walks the way to the remote's tools step by step, by the same rooms as the proxy, and says where it ends, why,
 * and what to do. No key is made, and everything has its time.
 */
import type { RemoteSession } from "../mcp/link.ts";
import { ConfigError } from "../node/config-lines.ts";
import { expandHome, FileError } from "../node/files.ts";
import { IdentityError } from "../node/key-choices.ts";
import type { Log } from "../node/log.ts";
import { DialError } from "../node/tcp.ts";
import { shownOf } from "../node/trust-words.ts";
import type { HostKey } from "../ssh/connection.ts";
import { AgentError, AuthError, ChannelError, HostKeyError, KeyFormatError } from "../ssh/errors.ts";
import { fingerprint } from "../ssh/known-hosts.ts";
import { printable } from "../ssh/printable.ts";
import { examine } from "./checkup.ts";
import { keygenCommand } from "./commands.ts";
import { cured } from "./cures.ts";
import { type Explanation, explain } from "./failure.ts";
import { keyToMake } from "./key-choices.ts";
import { takeOwnFlags } from "./own-flags.ts";
import { dialRemote } from "./remote.ts";
import { plainReport, Report, type StepName, stepLines } from "./report.ts";
import { parseSettings, type Settings } from "./settings.ts";
import { stopSignal } from "./signals.ts";
import type { Terminal } from "./terminal.ts";
import type { Reached, Watch } from "./watch.ts";
import { JumpError, placeOf } from "./way.ts";

export function help(program: string): string {
  return [
    `usage: ${program} doctor [--json] [flags]`,
    "",
    "Walks the way that the command goes with these flags: configuration, name, TCP, banner, algorithms, host key,",
    "authentication, channel, first MCP reply, protocol, tools. Each step has its time; of the first that fails it says",
    "the cause and what to do; ! marks one that passed, with something to do. Exit code 0 if all is well, 1 if not. The",
    "remote command is started twice, the second time to ask it for protocol 2026-07-28, as hosts do. With --log-level DEBUG",
    "stderr shows the protocol.",
    "",
    "  --json   print {ok, steps: [{name, ok, ms, detail, cause, cure}]}; ok is null for what was not reached",
    "",
    `The other flags are those of ${program} itself.`,
  ].join("\n");
}

export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { own, rest } = takeOwnFlags(argv, { "--json": false });
  const settings = parseSettings(rest, terminal.localUser, "no flag for a doctor");
  const isJson = own.has("--json");
  const onWait = (): void => {
    const text = `waiting for the first reply, for up to ${settings.firstReplyTimeout / 1000} s`;
    if (!isJson && process.stderr.isTTY) terminal.err(text);
  };
  const told: Promise<void>[] = [];
  const say = (lines: readonly string[]): void => {
    if (!isJson) told.push(terminal.out(lines.map((line) => `${line}\n`).join("")));
  };
  const report = new Report((step) => {
    if (step.ok !== null) say(stepLines(step));
  });
  const abort = new AbortController();
  const stopped = stopSignal().then((number) => {
    abort.abort(new Error("stopped"));
    return 128 + number;
  });
  const code = await Promise.race([stopped, walk(settings, report, abort.signal, { err: terminal.err, onWait })]);
  const unreached = report.steps.filter((step) => step.ok === null).map(({ name }) => name);
  if (unreached.length > 0) say([`- not reached: ${unreached.join(", ")}`]);
  if (isJson && code < 128) await terminal.out(`${JSON.stringify(plainReport(report), undefined, 2)}\n`);
  await Promise.all(told);
  return code;
}

/** What a person is told beside the steps. */
interface Aside extends Pick<Terminal, "err"> {
  readonly onWait: () => void;
}

async function walk(settings: Settings, report: Report, signal: AbortSignal, { err, onWait }: Aside): Promise<number> {
  for (const warning of settings.warnings) report.note(warning);
  const way = new Way(settings, report);
  let remote: RemoteSession;
  try {
    remote = await dialRemote(settings, logTo(report, settings, err), way.watch).open(signal);
  } catch (error) {
    if (!signal.aborted) way.ended(error instanceof Error && error.cause !== undefined ? error.cause : error);
    return 1;
  }
  try {
    await examine(remote, way.target, report, onWait);
  } finally {
    await remote.connection.close();
  }
  return report.isOk ? 0 : 1;
}

/** What the proxy would log is said with the step at which it comes; errors are told as the step that fails. */
function logTo(report: Report, { logLevel }: Settings, err: Terminal["err"]): Log {
  const ignore = (): void => undefined;
  const note = (text: string): void => report.note(text);
  return { debug: logLevel === "DEBUG" ? err : ignore, info: note, warning: note, error: ignore, critical: ignore };
}

/** The way to the session, told to the report. What is met at jump hosts is said with the step that stands on them. */
class Way {
  readonly #report: Report;
  /** The server that is meant, with the settings that ssh's configuration gives it, once they are known. */
  target: Settings;
  #jumps: string[] = [];
  /** The file of the key that a start would make; undefined where there are keys. */
  #keyToCome: string | undefined;
  /** The variables that the server does not let us set. */
  #refused: Set<string> = new Set();
  #hostKeys: Map<Settings, HostKey> = new Map();

  constructor(asked: Settings, report: Report) {
    this.target = asked;
    this.#report = report;
  }

  readonly watch: Watch = (reached, server) => {
    if (!server.isJump) this.target = server;
    switch (reached.type) {
      case "ready":
        if (!server.isJump) this.#expectKey(reached, server);
        this.#report.passed("config", configured(reached));
        return;
      case "dial":
        if ("resolved" in reached)
          this.#report.passed("name", `${printable(server.host)} is ${reached.resolved.join(", ")}`);
        else if (!server.isJump) this.#report.passed("tcp", `${reached.connected} port ${server.port}`);
        return;
      case "host-key":
        this.#hostKeys.set(server, reached.hostKey);
        return;
      case "env-refused":
        this.#variableRefused(reached.name);
        return;
      case "authenticated":
        if (server.isJump) {
          this.#jumps.push(placeOf(server));
          this.#report.note(`jump host ${placeOf(server)}, ${this.#keyOf(server)}, logged in by ${reached.by}`);
          return;
        }
    }
    if (!server.isJump) this.#reached(reached, server);
  };

  /** It went no further. */
  ended(error: unknown): void {
    const report = this.#report;
    if (error instanceof JumpError) {
      const { stop, cause } = error;
      const { what, cure } = this.#explained(cause, stop);
      const step = isOfConfig(cause) && !report.has("config") ? "config" : report.has("name") ? "tcp" : "name";
      report.failed(step, { what: `jump host ${placeOf(stop)}: ${what}`, cure });
      return;
    }
    const step = stepOf(error, report);
    if (step === "authentication") this.#passHostKey(this.target); // who is asked for a login has been believed
    report.failed(report.has(step) ? (report.next ?? step) : step, this.#explained(error, this.target));
  }

  #expectKey({ keys }: Extract<Reached, { readonly type: "ready" }>, server: Settings): void {
    const path = keys.length === 0 ? keyToMake(server) : undefined;
    if (path === undefined || path === this.#keyToCome) return;
    this.#keyToCome = path;
    const now = keygenCommand(expandHome(path));
    this.#report.note(`no key yet: ${printable(expandHome(path))} is made at the first start (or now by: ${now})`);
  }

  #variableRefused(name: string): void {
    if (this.#refused.has(name)) return; // in the second session again
    this.#refused.add(name);
    const cure = `to have ${name} set, add AcceptEnv ${name} to the server's sshd_config, or let the command set it there`;
    this.#report.note(`the server refused to set ${name}`, cure);
  }

  #explained(error: unknown, server: Settings): Explanation {
    return cured(
      error,
      explain(error, server, this.#hostKeys.has(server)),
      server,
      server.isJump ? undefined : this.#keyToCome,
    );
  }

  #reached(reached: Reached, server: Settings): void {
    const report = this.#report;
    switch (reached.type) {
      case "version": {
        const by = this.#jumps.length > 0 ? `through ${this.#jumps.join(", then ")}` : "by the ProxyCommand";
        report.passed("name", `${printable(server.host)}, ${by}`); // where nobody was dialled here
        report.passed("tcp", `${printable(server.host)} port ${server.port}, ${by}`);
        report.passed("banner", reached.serverVersion);
        return;
      }
      case "negotiated": {
        const { kex, hostKey, cipherClientToServer: out, cipherServerToClient: into, strictKex } = reached.algorithms;
        const ciphers = out === into ? out : `${out} out, ${into} in`;
        report.passed("algorithms", [kex, hostKey, ciphers, strictKex ? "strict kex" : "no strict kex"].join(", "));
        return;
      }
      case "trusted":
        report.passed("host-key", `${this.#keyOf(server)}, trusted by ${reached.by}`);
        return;
      case "authenticated":
        this.#passHostKey(server);
        report.passed("authentication", `${printable(server.username)}, by ${reached.by}`);
        return;
      case "session":
        report.passed("channel", requestOf(server));
        return;
    }
  }

  /** Where nothing was said of what it is trusted by. */
  #passHostKey(server: Settings): void {
    this.#report.passed("host-key", `${this.#keyOf(server)}${server.isHostKeyChecked ? "" : ", not checked"}`);
  }

  #keyOf(server: Settings): string {
    const hostKey = this.#hostKeys.get(server);
    if (hostKey === undefined) return "";
    return `${shownOf(hostKey)}${hostKey.certificate === undefined ? "" : " in a certificate"}`;
  }
}

function configured({ keys, files: keyFiles, knownHosts }: Extract<Reached, { readonly type: "ready" }>): string {
  const names = keys.map(({ algorithms, publicKeyBlob }) => `${algorithms[0]} ${fingerprint(publicKeyBlob)}`);
  const files = knownHosts?.map(({ path }) => printable(path)) ?? [];
  const known = files.length === 0 ? "no known hosts" : `known hosts from ${files.join(", ")}`;
  const from = keyFiles.length === 0 ? "" : ` from ${keyFiles.map(({ path }) => printable(path)).join(", ")}`;
  return `${names.length === 0 ? "no key" : `key ${names.join(", ")}`}${from}; ${known}`;
}

function requestOf({ request }: Settings): string {
  if ("exec" in request) return `command ${printable(request.exec, 200)}`;
  return "subsystem" in request ? `subsystem ${printable(request.subsystem)}` : "login shell";
}

/** Where the way ended: by whose error it is, else at the first step that was not reached. */
function stepOf(error: unknown, report: Report): StepName {
  if (isOfConfig(error) || (error instanceof AgentError && !report.has("banner"))) return "config";
  if (error instanceof DialError) return report.has("name") ? "tcp" : "name";
  if (error instanceof HostKeyError) return "host-key";
  if (error instanceof AuthError || error instanceof AgentError) return "authentication";
  if (error instanceof ChannelError) return "channel";
  return report.next ?? "channel";
}

function isOfConfig(error: unknown): boolean {
  return [FileError, KeyFormatError, IdentityError, ConfigError].some((type) => error instanceof type);
}

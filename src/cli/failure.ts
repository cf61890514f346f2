/**
 * Failure: an error made one line for a person, with cause and cure. The same line goes to stderr and to the host. It
 * holds the words that people search for, never a stack.
 */
import { openToOthers } from "../node/config-files.ts";
import { FileError, halfAlone, shellQuoted } from "../node/files.ts";
import { IdentityError, type Lack } from "../node/key-choices.ts";
import { KeyServerError } from "../node/key-server-error.ts";
import { DENIED, DialError } from "../node/tcp.ts";
import type { Offer } from "../ssh/algorithms/offer.ts";
import {
  AgentError,
  type AgentFault,
  AuthError,
  ChannelError,
  DISCONNECT_REASON,
  DisconnectError,
  HostKeyError,
  NegotiationError,
  PassphraseError,
  ProtocolError,
  SshError,
  TimeoutError,
} from "../ssh/errors.ts";
import { printable } from "../ssh/printable.ts";
import { type Chosen, keyChoices } from "./key-choices.ts";
import type { Settings } from "./settings.ts";
import { JumpError, placeOf } from "./way.ts";

/** Where a fault of ours should be told. */
export const reportAddress = "https://github.com/mcp-ssh-client/mcp-ssh-client/issues";

/** What of the settings the cures name. */
export type Attempt = Pick<Settings, "host" | "port" | "username"> &
  Chosen &
  Partial<
    Pick<
      Settings,
      "keyServer" | "passedOverPort" | "offer" | "configuredOffer" | "knownHosts" | "sshConfig" | "passphraseFile"
    >
  > & {
    /** The key's line for authorized_keys, where it was made in this run. */
    readonly madeLine?: string | undefined;
  };

/** What happened and what to do about it, both without a full stop. */
export interface Explanation {
  readonly what: string;
  /** Empty where nothing is known to help. */
  readonly cure: string;
}

/**
 * The line, without a full stop. `isServerKnown`: whether the server has shown its host key, so that it was reached and
 * speaks SSH; `known`: the jump hosts that have.
 */
export function describeFailure(
  error: unknown,
  attempt: Attempt,
  isServerKnown: boolean,
  known: ReadonlySet<Settings> = new Set(),
): string {
  if (error instanceof JumpError) {
    const { stop, cause } = error;
    return `jump host ${placeOf(stop)}: ${describeFailure(cause, stop, known.has(stop))}`;
  }
  const { what, cure } = explain(error, attempt, isServerKnown);
  return cure === "" ? what : `${what}; ${cure}`;
}

/** An error that is our own fault, or nobody's that we know. */
export function describeInternal(error: unknown): string {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return `internal error: ${printable(message)}. This is a bug: please report it at ${reportAddress}`;
}

/** The two halves of the line. */
export function explain(error: unknown, attempt: Attempt, isServerKnown: boolean): Explanation {
  if (error instanceof DialError) return explainDial(error, attempt);
  if (error instanceof FileError) return explainFile(error, attempt);
  if (error instanceof KeyServerError) return { what: error.message, cure: error.cure };
  if (error instanceof HostKeyError) return { what: withLead("Host key verification failed", error), cure: "" };
  if (error instanceof AuthError) return explainRefusal(error, attempt);
  if (error instanceof AgentError) return { what: error.message, cure: agentCures[error.fault] };
  if (error instanceof IdentityError) return { what: error.message, cure: lackCures[error.lack] };
  if (error instanceof PassphraseError) return { what: error.message, cure: passphraseCures[error.reason] };
  if (error instanceof ChannelError) return { what: error.message, cure: channelCures[error.request] ?? "" };
  if (error instanceof NegotiationError) return explainNegotiation(error, attempt);
  if (error instanceof DisconnectError && error.cause instanceof SshError)
    return { what: error.cause.message, cure: "" };
  if (isServerKnown && isOfTheWorld(error)) return { what: error.message, cure: "" };
  if (error instanceof DisconnectError) return { what: error.message, cure: earlyEndCure(error) };
  if (error instanceof TimeoutError || error instanceof ProtocolError) {
    const { host, port, config } = attempt;
    const isCommand = config?.proxyCommand !== undefined;
    const cure = isCommand ? "check the ProxyCommand" : `check that port ${port} of ${host} is an SSH server's`;
    return { what: error.message, cure };
  }
  if (isOfTheWorld(error)) return { what: error.message, cure: "" };
  return { what: describeInternal(error), cure: "" };
}

/** The classes that say in their message whose fault it was; a bare SshError is a fault of ours. */
function isOfTheWorld(error: unknown): error is SshError {
  return error instanceof SshError && error.constructor !== SshError;
}

/** Python's `[Errno 111]` stands where the replaced tool had it: people search for it. */
function explainDial(error: DialError, { port, isJump, passedOverPort }: Attempt): Explanation {
  const by = (flags: string): string => (isJump ? "" : ` (${flags})`);
  const what = error.errno === undefined ? error.message : `[Errno ${error.errno}] ${error.message}`;
  if (error.code === DENIED) return { what, cure: "" };
  if (error.code === "ECONNREFUSED") {
    const check = `check that an SSH server runs there, and that ${port} is its port${by("--port")}`;
    const passedOver = `ssh's configuration has Port ${passedOverPort}, which counts only with --command or --subsystem`;
    const cure = passedOverPort === undefined ? check : `${check}: ${passedOver}; else add --port ${passedOverPort}`;
    return { what, cure };
  }
  if (error.message.startsWith("Could not resolve")) return { what, cure: `check the name${by("--host")}` };
  return { what, cure: `check name and port${by("--host, --port")} and the firewalls on the way` };
}

function explainFile({ message: what, code, asked, path }: FileError, attempt: Attempt): Explanation {
  if (code === openToOthers) return { what, cure: `chmod go-w ${shellQuoted(path)}` };
  if (code === halfAlone) {
    const cure = `put it there, or name ${shellQuoted(`${path}.pub`)} with --client-key, and the agent with --agent`;
    return { what, cure };
  }
  const flag = flagOf(asked, attempt);
  if (code !== "ENOENT" || flag !== "--client-key" || asked.endsWith(".pub"))
    return { what, cure: flag === undefined ? "" : `check ${flag}` };
  const file = shellQuoted(path);
  const make = `ssh-keygen -t ed25519 -f ${file} -N ''`;
  return { what, cure: `make a key with: ${make} and have ${file}.pub added to authorized_keys there` };
}

/** The flag that names the file, if one does. */
function flagOf(asked: string, { clientKeys, knownHosts, sshConfig, passphraseFile }: Attempt): string | undefined {
  if (clientKeys.includes(asked)) return "--client-key";
  if (asked === knownHosts) return "--known-hosts";
  if (asked === sshConfig) return "--ssh-config";
  return asked === passphraseFile ? "--passphrase-file" : undefined;
}

function explainRefusal(error: AuthError, attempt: Attempt): Explanation {
  const { host, port, username, keyServer, madeLine } = attempt;
  const place = `authorized_keys of ${username} at ${host} port ${port}`;
  const listed =
    madeLine === undefined
      ? `check that ${publicKeyOf(attempt)} is in ${place}`
      : `this key was made just now, so no server knows it yet: add its line, ${madeLine} (to ${place})`; // nothing sticks to it
  const registered = `the key server has our key: check that it is the one of the SSH server at port ${port} (--port, --key-server-port)`;
  const cure = keyServer === undefined ? listed : registered;
  return { what: withLead("Authentication failed", error), cure: error.partialSuccess ? "" : cure };
}

/** The file that holds what the server must know, if there is only one. */
function publicKeyOf(attempt: Attempt): string {
  const [choice, ...others] = keyChoices(attempt);
  if (choice === undefined || others.length > 0) return "the public half of one of these keys";
  return `${printable(choice.path.replace(/\.pub$/, ""))}.pub`;
}

const agentCures: Readonly<Record<AgentFault, string>> = {
  unreachable: "check --agent or SSH_AUTH_SOCK, which MCP hosts hand over only where their configuration says so",
  refused: "say yes to it, unlock it, or use a key that it may use here (not one added with ssh-add -h)",
  late: "look whether it asks for something: a touch, a password, a yes",
  protocol: "check that this is an SSH agent's socket, and that the agent still runs",
};

const lackCures: Readonly<Record<Lack, string>> = {
  agent:
    "name the agent's socket with --agent (MCP hosts do not hand SSH_AUTH_SOCK over, and without --command none is " +
    "asked), or the private key",
  identity: "add it with ssh-add, unlock the agent, or name another agent with --agent",
  key:
    "name one with --client-key, or an agent's socket with --agent (MCP hosts do not hand SSH_AUTH_SOCK over); to " +
    "make one: ssh-keygen -t ed25519",
};

const passphraseCures: Readonly<Record<PassphraseError["reason"], string>> = {
  needed:
    "give it by MCP_SSH_PASSPHRASE in the host's configuration, by --passphrase-file or --passphrase, or have an agent " +
    "hold the key (ssh-add) and name its socket with --agent",
  wrong: "",
};

/** What narrows a list: its place in an offer, the flag, the keyword of ssh's configuration. */
const narrowings: Readonly<Record<string, readonly [list: keyof Offer, flag: string, keyword: string]>> = {
  "key exchange method": ["kex", "--kex", "KexAlgorithms"],
  "host key algorithm": ["hostKeys", "--host-key-algorithms", "HostKeyAlgorithms"],
  cipher: ["ciphers", "--ciphers", "Ciphers"],
  MAC: ["macs", "--macs", "MACs"],
};

function explainNegotiation({ message, list }: NegotiationError, { offer, configuredOffer }: Attempt): Explanation {
  if (list === "strict kex")
    return { what: message, cure: "to take that risk with this server, add --allow-chacha-without-strict-kex" };
  const [key, flag, keyword] = narrowings[list] ?? [];
  const isNarrowed = (by: Offer | undefined): boolean => key !== undefined && /^[^+^]/.test(by?.[key] ?? "");
  const by = isNarrowed(offer) ? flag : isNarrowed(configuredOffer) ? `${keyword} of ssh's configuration` : undefined;
  return { what: message, cure: by === undefined ? "" : `${by} narrows what is offered: widen it` };
}

/** Before the server has shown its host key. OpenSSH turns a connection away by one line of text, or none. */
function earlyEndCure({ greeting, reason }: DisconnectError): string {
  const log = "then look at the server's log";
  if (greeting?.includes("Exceeded MaxStartups"))
    return `too many connections log in there at this moment (MaxStartups, PerSourceMaxStartups in its sshd_config): wait a moment, ${log}`;
  const isFull = reason === DISCONNECT_REASON.TOO_MANY_CONNECTIONS;
  if (greeting === undefined && !isFull) return "look at the server's log, or whether ssh gets any further";
  return (
    "mostly that is OpenSSH's penalty for an address whose logins failed, broke off or came too often " +
    "(PerSourcePenalties: 15 s to 10 minutes); else too many log in there at once (MaxStartups), or fail2ban or a " +
    `firewall has shut us out: wait a minute, ${log}`
  );
}

/** By the request that was refused. */
const channelCures: Readonly<Record<string, string>> = {
  "direct-tcpip":
    "its sshd_config must allow tunnels (AllowTcpForwarding, PermitOpen), and the next server must answer it",
  shell: "it gives no login shell: say what to start with --command or --subsystem",
  exec: "it starts no command of ours: without --command its login shell is used",
  subsystem: "its sshd_config needs a Subsystem line of that name",
};

function withLead(lead: string, { message }: Error): string {
  return message.startsWith(lead) ? message : `${lead}: ${message}`;
}

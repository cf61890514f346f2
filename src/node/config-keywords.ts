/**
 * Config keywords: what each keyword of ssh_config(5) takes, which ones we honour, and what is lost with those that we do
 * not. Pure. A value that ssh refuses is refused here too, in any block, so that a slip of the pen is found early.
 */

import { lowerCase } from "../ssh/host-pattern.ts";
import { printable } from "../ssh/printable.ts";
import type { IgnoredKeywords } from "./config-ignored.ts";
import { ConfigError, type ConfigLine, whereOf } from "./config-lines.ts";
import { notSupported, type Unfollowed } from "./config-notes.ts";
import { type JumpSpec, parseJumps, portOf } from "./jump-spec.ts";

/** Values that mean what they say. */
export interface PlainValues {
  port?: number | undefined;
  identitiesOnly?: boolean;
  hostKeyAlias?: string;
  strictHostKeyChecking?: "yes" | "ask" | "accept-new" | "no";
  updateHostKeys?: boolean | "ask";
  hashKnownHosts?: boolean;
  /** What is offered, as it is written: a list, or one behind `+`, `-` or `^`. */
  kexAlgorithms?: string;
  hostKeyAlgorithms?: string;
  ciphers?: string;
  macs?: string;
  bindAddress?: string;
}

/** What the lines that count have set. A keyword that counts each time has a value for each of its lines. */
export interface ConfigValues extends PlainValues {
  hostName?: string;
  user?: string | undefined;
  identityFile?: readonly string[];
  certificateFile?: readonly string[];
  identityAgent?: string;
  /** Empty for `none`. */
  userKnownHostsFile?: readonly string[];
  globalKnownHostsFile?: readonly string[];
  revokedHostKeys?: readonly string[];
  /** Seconds. */
  connectTimeout?: number;
  serverAliveInterval?: number;
  serverAliveCountMax?: number;
  /** 0 for any. */
  addressFamily?: 4 | 6 | 0;
  proxyJump?: readonly JumpSpec[] | undefined;
  proxyCommand?: string;
  sendEnv?: readonly (readonly string[])[];
  setEnv?: ReadonlyMap<string, string>;
  tag?: string;
  ignoreUnknown?: string;
  refuseConnection?: string;
}

type HonouredKeyword = keyof ConfigValues;

/** How often a keyword counts, and how its line becomes a value. @throws ConfigError from `read` */
interface Keyword<T> {
  /** The first line that sets it counts, or each adds to the ones before. */
  readonly counts: "first" | "each";
  /** Undefined where the line sets nothing. */
  readonly read: (line: ConfigLine) => T | undefined;
}

type Element<T> = T extends readonly (infer E)[] ? E : never;

/** The keywords that we honour. */
const honoured: { readonly [K in HonouredKeyword]-?: Keyword<ConfigValues[K]> | Keyword<Element<ConfigValues[K]>> } = {
  hostName: first(one),
  port: first(onePort),
  user: first(one),
  identityFile: each(one),
  certificateFile: each(one),
  identitiesOnly: first(oneFlag),
  identityAgent: first(one),
  userKnownHostsFile: first(files),
  globalKnownHostsFile: first(files),
  revokedHostKeys: first(files),
  hostKeyAlias: first((line) => lowerCase(one(line))), // as ssh looks it up, whose known_hosts has it so
  strictHostKeyChecking: first((line) => oneOf(line, strictness)),
  updateHostKeys: first((line) => oneOf(line, { ...flag, ask: "ask" })),
  hashKnownHosts: first(oneFlag),
  kexAlgorithms: first(one),
  hostKeyAlgorithms: first(one),
  ciphers: first(one),
  macs: first(one),
  connectTimeout: first(oneTime),
  serverAliveInterval: first(oneTime),
  serverAliveCountMax: first(oneInteger),
  addressFamily: first((line) => oneOf(line, { inet: 4, inet6: 6, any: 0 })),
  bindAddress: first(one),
  proxyJump: first(proxyJump),
  proxyCommand: first(wholeRest),
  sendEnv: each(names),
  setEnv: first(assignments),
  tag: first(one),
  ignoreUnknown: first(one),
  refuseConnection: first(one),
};

const unknown: Omit<Unfollowed, "what"> = {
  one: "is not a keyword of ssh_config(5) that we know: it is left out",
  several: "are no keywords of ssh_config(5) that we know: they are left out",
};

/** What a keyword that we do not honour would have done, and the values that do nothing. */
interface Lost {
  readonly harmless: RegExp;
  readonly note: string;
}

/** The keywords whose loss may be felt: named when a line of theirs applies to the host. */
const lost: Readonly<Record<string, Lost>> = {
  ...ofEach(["casignaturealgorithms", "pubkeyacceptedalgorithms", "pubkeyacceptedkeytypes"], {
    harmless: /^$/,
    note: "the built-in list counts",
  }),
  ...ofEach(["pkcs11provider", "smartcarddevice"], { harmless: /^none$/i, note: "an ssh-agent can hold its keys" }),
  bindinterface: { harmless: /^none$/i, note: "the system chooses the interface" },
  canonicalizehostname: { harmless: /^(no|false)$/i, note: "the name is used as it is written" },
  knownhostscommand: { harmless: /^none$/i, note: "known_hosts files alone count" },
  nohostauthenticationforlocalhost: { harmless: /^(no|false)$/i, note: "the host key is checked all the same" },
  preferredauthentications: { harmless: /\bpublickey\b/i, note: "a key is the only way to log in here" },
  proxyusefdpass: { harmless: /^(no|false)$/i, note: "a ProxyCommand must carry the bytes itself" },
  pubkeyauthentication: { harmless: /^(yes|true|unbound|host-bound)$/i, note: "a key is the only way to log in here" },
  remotecommand: { harmless: /^none$/i, note: "say what to start with --command" },
  sessiontype: { harmless: /^default$/i, note: "say what to start with --command or --subsystem" },
  verifyhostkeydns: { harmless: /^(no|false)$/i, note: "known_hosts files alone count" },
};

/** The keywords that no MCP session feels the loss of. */
const silent: ReadonlySet<string> = new Set(
  [
    "addkeystoagent batchmode canonicaldomains canonicalizefallbacklocal canonicalizemaxdots canonicalizepermittedcnames",
    "challengeresponseauthentication channeltimeout checkhostip clearallforwardings compression connectionattempts",
    "controlmaster controlpath controlpersist dsaauthentication dynamicforward enableescapecommandline enablesshkeysign",
    "escapechar exitonforwardfailure fingerprinthash forkafterauthentication forwardagent forwardx11 forwardx11timeout",
    "forwardx11trusted gatewayports gssapiauthentication gssapiclientidentity gssapidelegatecredentials gssapikexalgorithms",
    "gssapikeyexchange gssapirenewalforcesrekey gssapiserveridentity gssapitrustdns hostbasedacceptedalgorithms",
    "hostbasedauthentication hostbasedkeytypes ipqos kbdinteractiveauthentication kbdinteractivedevices keepalive",
    "localcommand localforward loglevel logverbose numberofpasswordprompts obscurekeystroketiming passwordauthentication",
    "permitlocalcommand permitremoteopen rekeylimit remoteforward requesttty requiredrsasize securitykeyprovider",
    "skeyauthentication stdinnull streamlocalbindmask streamlocalbindunlink syslogfacility tcpkeepalive tisauthentication",
    "tunnel tunneldevice usekeychain versionaddendum visualhostkey warnweakcrypto xauthlocation",

    "afstokenpassing cipher compressionlevel fallbacktorsh globalknownhostsfile2 kerberosauthentication",
    "kerberostgtpassing protocol rhostsauthentication rhostsrsaauthentication rsaauthentication useprivilegedport",
    "userknownhostsfile2 useroaming usersh",
  ].flatMap((line) => line.split(" ")),
);

/** By their spelling in a line. */
const keywords: ReadonlyMap<string, HonouredKeyword> = new Map([
  ...(Object.keys(honoured) as HonouredKeyword[]).map((name) => [name.toLowerCase(), name] as const),
  ["identityfile2", "identityFile"],
]);

/**
 * Sets what the line says where nothing before it did, if the line `applies` to the host. Returns what to tell about a
 * line that we do not honour. @throws ConfigError
 */
export function setValue(
  values: ConfigValues,
  line: ConfigLine,
  applies: boolean,
  ignored: IgnoredKeywords,
): Unfollowed | undefined {
  const keyword = keywords.get(line.keyword);
  if (keyword !== undefined) {
    const { counts, read }: Keyword<unknown> = honoured[keyword];
    const value = read(line);
    if (applies && !isProxySettled(values, keyword)) put(values as Record<string, unknown>, keyword, counts, value);
    return undefined;
  }
  return applies ? unfollowed(line, ignored, values.ignoreUnknown) : undefined;
}

function put(values: Record<string, unknown>, keyword: string, counts: "first" | "each", value: unknown): void {
  if (counts === "first") values[keyword] ??= value;
  else if (values[keyword] === undefined) values[keyword] = [value];
  else (values[keyword] as unknown[]).push(value); // a new list for each line would take quadratic time
}

/** Of a jump and a command the one that is named first is taken; `ProxyJump none` leaves the command its chance. */
function isProxySettled({ proxyCommand, proxyJump }: ConfigValues, keyword: HonouredKeyword): boolean {
  if (keyword === "proxyJump") return proxyCommand !== undefined;
  return keyword === "proxyCommand" && proxyJump !== undefined && proxyJump.length > 0;
}

function unfollowed(
  { keyword, args, rest }: ConfigLine,
  ignored: IgnoredKeywords,
  ignoreUnknown: string | undefined,
): Unfollowed | undefined {
  const loss = Object.hasOwn(lost, keyword) ? lost[keyword] : undefined;
  if (loss !== undefined) {
    return loss.harmless.test(args[0] ?? rest) ? undefined : { what: keyword, ...notSupported(loss.note) };
  }
  const isSilent = silent.has(keyword) || ignored.covers(keyword, ignoreUnknown);
  return isSilent ? undefined : { what: printable(keyword, 80), ...unknown };
}

function first<T>(read: Keyword<T>["read"]): Keyword<T> {
  return { counts: "first", read };
}

function each<T>(read: Keyword<T>["read"]): Keyword<T> {
  return { counts: "each", read };
}

function ofEach(keywords: readonly string[], loss: Lost): Readonly<Record<string, Lost>> {
  return Object.fromEntries(keywords.map((keyword) => [keyword, loss]));
}

// What a line may say

const flag = { yes: true, true: true, no: false, false: false } as const;

const strictness = {
  yes: "yes",
  true: "yes",
  ask: "ask",
  "accept-new": "accept-new",
  no: "no",
  false: "no",
  off: "no",
} as const;

/** @throws ConfigError */
export function fault(line: ConfigLine, what: string): never {
  throw new ConfigError(`${whereOf(line)}: ${what}`);
}

function one(line: ConfigLine): string {
  const [only = "", ...more] = line.args;
  if (only === "") return fault(line, `missing argument of ${line.keyword}`);
  if (more.length > 0) return fault(line, `keyword ${line.keyword} extra arguments at end of line`);
  return only;
}

function oneOf<const T>(line: ConfigLine, choices: Readonly<Record<string, T>>): T {
  const raw = one(line);
  const known = raw.toLowerCase();
  if (!Object.hasOwn(choices, known)) return fault(line, `unsupported option ${shown(raw)} of ${line.keyword}`);
  return choices[known] as T;
}

function oneFlag(line: ConfigLine): boolean {
  return oneOf(line, flag);
}

function onePort(line: ConfigLine): number {
  const raw = one(line);
  if (raw === "ssh") return 22; // the one name of /etc/services that anybody writes
  return portOf(raw) ?? fault(line, `bad port ${shown(raw)}`);
}

function oneInteger(line: ConfigLine): number {
  const raw = one(line);
  return /^[0-9]+$/.test(raw) && Number(raw) <= most ? Number(raw) : fault(line, `bad number ${shown(raw)}`);
}

/** Of ssh's numbers. */
const most = 2 ** 31 - 1;

const secondsOf: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds, as in `90`, `1m30s`; undefined for `none`. */
function oneTime(line: ConfigLine): number | undefined {
  const raw = one(line);
  if (raw === "none") return undefined;
  const isTime = /^([0-9]+[smhdw])*([0-9]+)?$/i.test(raw);
  const parts = raw.toLowerCase().matchAll(/([0-9]+)([smhdw]?)/g);
  const seconds = [...parts].reduce((sum, [, count, unit = ""]) => sum + Number(count) * (secondsOf[unit] ?? 0), 0);
  return isTime && seconds <= most ? seconds : fault(line, `invalid time value ${shown(raw)}`);
}

/** One or more files; `none` stands alone. Undefined where nothing is said. */
function files(line: ConfigLine): readonly string[] | undefined {
  const { args, keyword } = line;
  if (args.length === 0) return undefined;
  if (args.includes("")) return fault(line, `keyword ${keyword} empty argument`);
  const isNone = args.some((path) => path.toLowerCase() === "none");
  if (isNone && args.length > 1) return fault(line, `keyword ${keyword} "none" argument must appear alone`);
  return isNone ? [] : args;
}

/** A command line for the shell: nothing in it is taken away. */
function wholeRest({ rest }: ConfigLine): string {
  return rest.replace(/^[ \t\r=]+/, "");
}

function names(line: ConfigLine): readonly string[] {
  const bad = line.args.find((name) => name === "" || name.includes("="));
  return bad === undefined ? line.args : fault(line, "invalid environment name");
}

/** `NAME=VALUE`; of two for one name the first counts. */
function assignments(line: ConfigLine): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const assignment of line.args) {
    const split = assignment.indexOf("=");
    if (split < 0) return fault(line, "invalid SetEnv");
    const name = assignment.slice(0, split);
    if (!variables.has(name)) variables.set(name, assignment.slice(split + 1));
  }
  return variables;
}

/** The stops in the order of the way; none for `none`. */
function proxyJump(line: ConfigLine): readonly JumpSpec[] {
  const text = wholeRest(line).replace(/#.*$/s, "").trimEnd();
  return parseJumps(text) ?? fault(line, `invalid ProxyJump ${shown(text)}`);
}

function shown(text: string): string {
  return `'${printable(text, 80)}'`;
}

/**
 * SSH config: what files in the format of ssh_config(5) say about one host. Pure: files come in as text, and what the
 * conditions ask about comes in as facts. As ssh does it: lines in order, the first value of a keyword wins.
 *
 * `Match exec` would run a program each time that a host is looked up. We start none: such a block is left out, with a
 * warning. Names are not canonicalised; what ssh makes of that without a domain to try is done: it reads the files again.
 */
import { canonicalHost, isPatternListMatch, isPatternMatch, lowerCase } from "../ssh/host-pattern.ts";
import { printable } from "../ssh/printable.ts";
import { IgnoredKeywords } from "./config-ignored.ts";
import { type ConfigValues, fault, setValue } from "./config-keywords.ts";
import { type ConfigLine, configLines } from "./config-lines.ts";
import { type ConfigWarning, Notes, notSupported } from "./config-notes.ts";
import { ExpansionError, expandAll, expandTokens, type Tokens } from "./config-tokens.ts";

/** One file, read. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
  /** Whether it is the user's own: includes are looked for in ~/.ssh then, and in /etc/ssh otherwise. */
  readonly isUsers: boolean;
}

/** What conditions and tokens may ask about. */
export interface ConfigFacts {
  /** As it was typed. */
  readonly host: string;
  /** What was typed beside it, which wins over the files. */
  readonly given: Pick<ConfigValues, "port" | "user" | "proxyJump">;
  /** The local user's name; empty, like the two below, where the system does not tell it. */
  readonly localUser: string;
  readonly localUserId: string;
  /** The local user's home folder. */
  readonly home: string;
  /** This machine's name. */
  readonly localHost: string;
  readonly env: (name: string) => string | undefined;
  /** The SHA-1 of a text in hexadecimal digits, which `%C` is. */
  readonly sha1: (text: string) => string;
  /** What is to be started there; empty for a shell. */
  readonly command: string;
  readonly sessionType: "shell" | "exec" | "subsystem" | "none";
}

/** Reads the files that a pattern of `Include` names, in order. @throws FileError */
export type ReadIncluded = (pattern: string, isUsers: boolean) => readonly ConfigFile[];

export interface Evaluation {
  readonly values: ConfigValues;
  readonly warnings: readonly ConfigWarning[];
}

/** ssh's own bound on files that include files. */
const includeDepth = 16;

/** All lines of `files` that apply to the host of `facts`. @throws ConfigError */
export function evaluateConfig(
  files: readonly ConfigFile[],
  facts: ConfigFacts,
  readIncluded: ReadIncluded,
): Evaluation {
  const notes = new Notes();
  const pass = new Pass(facts, readIncluded, notes, { ...facts.given }, undefined);
  for (const file of files) pass.read(file);
  if (!pass.asksForFinal) return { values: pass.values, warnings: notes.warnings };
  const host = finalHost(pass.values, facts); // settled: no line of the second pass changes it
  const final = new Pass(facts, readIncluded, notes, { ...pass.values, hostName: host.replaceAll("%", "%%") }, host);
  for (const file of files) final.read(file);
  return { values: final.values, warnings: notes.warnings };
}

/** The name that is connected to. @throws ExpansionError */
export function finalHost({ hostName }: ConfigValues, { host }: ConfigFacts): string {
  return canonicalHost(hostName === undefined ? host : expandTokens(hostName, { h: host }));
}

/** What most keywords' tokens stand for, with what is known so far. @throws ExpansionError */
export function configTokens(values: ConfigValues, facts: ConfigFacts, host: string): Tokens {
  const { localHost } = facts;
  const port = String(values.port ?? 22);
  const user = values.user ?? facts.localUser;
  const jump = values.proxyJump?.at(-1)?.host ?? "";
  return {
    get C() {
      return localHost === "" ? null : facts.sha1(localHost + host + port + user + jump);
    },
    L: localHost.split(".")[0] || null,
    d: facts.home,
    h: host,
    i: facts.localUserId || null,
    j: jump,
    k: values.hostKeyAlias ?? facts.host,
    l: localHost || null,
    n: facts.host,
    p: port,
    r: user,
    u: facts.localUser || null,
  };
}

/** One reading of all files. */
class Pass {
  readonly values: ConfigValues;
  #isFinalAskedFor = false;
  /** What the first CanonicalizeHostname that applies says. */
  #canonicalizes: boolean | undefined;
  readonly #facts: ConfigFacts;
  readonly #readIncluded: ReadIncluded;
  readonly #notes: Notes;
  readonly #ignored = new IgnoredKeywords();
  /** The name of the pass before; undefined in the first one. */
  readonly #finalHost: string | undefined;

  constructor(
    facts: ConfigFacts,
    readIncluded: ReadIncluded,
    notes: Notes,
    values: ConfigValues,
    host: string | undefined,
  ) {
    this.#facts = facts;
    this.#readIncluded = readIncluded;
    this.#notes = notes;
    this.values = values;
    this.#finalHost = host;
  }

  /** Whether a `Match final` or CanonicalizeHostname wants the files read once more. */
  get asksForFinal(): boolean {
    return this.#isFinalAskedFor || this.#canonicalizes === true;
  }

  /** `isReachable`: whether a block in it can apply at all; `depth`: how many files have included it. */
  read(file: ConfigFile, isReachable = true, depth = 0): void {
    let applies = isReachable;
    for (const line of configLines(file.path, file.text)) {
      if (line.keyword === "host") applies = this.#isHost(line) && isReachable;
      else if (line.keyword === "match") applies = this.#isMatch(line, file.isUsers, isReachable) && isReachable;
      else if (line.keyword === "include") this.#include(line, file.isUsers, applies, depth);
      else {
        if (line.keyword === "canonicalizehostname" && applies)
          this.#canonicalizes ??= !/^(no|false)$/i.test(line.args[0] ?? "");
        const unfollowed = setValue(this.values, line, applies, this.#ignored);
        if (unfollowed !== undefined) this.#notes.add(line, unfollowed, file.isUsers);
      }
    }
  }

  /** One pattern must match, and none that is negated: the name that was typed, and in the second pass the one it came to. */
  #isHost(line: ConfigLine): boolean {
    const host = this.#finalHost ?? this.#facts.host;
    if (line.args.includes("")) fault(line, "keyword host empty argument");
    if (line.args.some((pattern) => pattern.startsWith("!") && isPatternMatch(pattern.slice(1), host))) return false;
    return line.args.some((pattern) => !pattern.startsWith("!") && isPatternMatch(pattern, host));
  }

  #include(line: ConfigLine, isUsers: boolean, applies: boolean, depth: number): void {
    if (depth >= includeDepth) fault(line, "too many recursive configuration includes");
    for (const pattern of line.args) {
      if (pattern === "") fault(line, "keyword include empty argument");
      for (const file of this.#filesOf(line, pattern, isUsers, applies)) this.read(file, applies, depth + 1);
    }
  }

  #filesOf(line: ConfigLine, pattern: string, isUsers: boolean, applies: boolean): readonly ConfigFile[] {
    let path = "";
    try {
      path = expandAll(pattern, this.#tokens(), this.#facts.env);
    } catch (error) {
      if (!(error instanceof ExpansionError)) throw error;
      const words = { one: `is not included: ${error.message}`, several: `are not included: ${error.message}` };
      if (applies) this.#notes.add(line, { what: printable(pattern), ...words }, isUsers);
      return [];
    }
    if (path.startsWith("~") && !isUsers) fault(line, `bad include path ${printable(path)}`);
    return this.#readIncluded(path, isUsers);
  }

  #tokens(): Tokens {
    return configTokens(this.values, this.#facts, this.#host());
  }

  #host(): string {
    const { host } = this.#facts;
    if (this.#finalHost !== undefined) return this.#finalHost;
    return this.values.hostName === undefined ? host : expandTokens(this.values.hostName, { h: host });
  }

  // Match

  /** All criteria must hold. Where only one that we cannot judge is left, the block is left out, and that is told. */
  #isMatch(line: ConfigLine, isUsers: boolean, isReachable: boolean): boolean {
    const criteria = this.#criteria(line);
    const verdicts = criteria.map((criterion) => at(line, () => this.#holds(criterion)));
    if (verdicts.includes(false)) return false;
    const unjudged = criteria.filter((_, index) => verdicts[index] === undefined);
    for (const { name } of isReachable ? unjudged : []) {
      const why = name === "exec" ? "no program is started to judge it" : "it cannot be judged here";
      const words = notSupported(`${why}, so the block is left out`);
      this.#notes.add(line, { what: `Match ${printable(name, 80)}`, ...words }, isUsers);
    }
    return unjudged.length === 0;
  }

  #criteria(line: ConfigLine): readonly Criterion[] {
    const criteria: Criterion[] = [];
    const { args } = line;
    let next = 0; // taking words off the front of a long list would take quadratic time
    for (let word = args[next++]; word !== undefined; word = args[next++]) {
      const isNegated = word.startsWith("!");
      const [, name = "", inline] = /^([^=]*)(?:=(.*))?$/s.exec(isNegated ? word.slice(1) : word) ?? [];
      const known = lowerCase(name);
      if (known === "all" && (criteria.length > 1 || next < args.length)) {
        fault(line, "'all' cannot be combined with other Match attributes");
      }
      const argument = bare.has(known) ? "" : (inline ?? args[next++]);
      if (argument === undefined || (argument === "" && !bare.has(known) && !mayBeEmpty.has(known))) {
        fault(line, `missing argument for Match '${printable(name, 80)}'`);
      }
      criteria.push({ name: known, isNegated, argument });
    }
    if (criteria.length === 0) fault(line, "one or more attributes required for Match");
    return criteria;
  }

  /** Undefined where we cannot tell. */
  #holds({ name, isNegated, argument }: Criterion): boolean | undefined {
    if (name === "final" && !isNegated) this.#isFinalAskedFor = true;
    const verdict = this.#judge(name, argument);
    return verdict === undefined ? undefined : verdict !== isNegated;
  }

  #judge(name: string, argument: string): boolean | undefined {
    const { host, localUser, command, sessionType } = this.#facts;
    const patterns = argument.split(",");
    const isOne = (text: string): boolean => (text === "" ? argument === "" : isPatternListMatch(patterns, text));
    switch (name) {
      case "all":
        return true;
      case "final":
      case "canonical":
        return this.#finalHost !== undefined;
      case "host":
        return isPatternListMatch(patterns.map(lowerCase), lowerCase(this.#host()));
      case "originalhost":
        return isPatternListMatch(patterns.map(lowerCase), lowerCase(host));
      case "user":
        return judged(patterns, this.values.user ?? localUser);
      case "localuser":
        return judged(patterns, localUser);
      case "tagged":
        return isOne(this.values.tag ?? "");
      case "command":
        return isOne(command);
      case "sessiontype":
        return isOne(sessionType);
      default:
        return undefined; // exec, localnetwork, version, and what ssh may learn
    }
  }
}

/** Undefined where it is about a name that the system does not tell. */
function judged(patterns: readonly string[], name: string): boolean | undefined {
  return name === "" ? undefined : isPatternListMatch(patterns, name);
}

interface Criterion {
  readonly name: string;
  readonly isNegated: boolean;
  readonly argument: string;
}

/** The criteria that take no argument, and those that take an empty one. */
const bare: ReadonlySet<string> = new Set(["all", "final", "canonical"]);
const mayBeEmpty: ReadonlySet<string> = new Set(["tagged", "command"]);

/** Does it, and adds file and line to an expansion that fails. */
function at<T>(line: ConfigLine, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof ExpansionError) return fault(line, error.message);
    throw error;
  }
}

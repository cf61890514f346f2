/**
 * Config: the entry for an MCP host that starts us with these very flags. The snippet is all that goes to stdout; where
 * it belongs and what to know of it goes to stderr.
 */
import { resolve } from "node:path";
import { type GivenFlag, givenFlags } from "./argv.ts";
import { npx } from "./commands.ts";
import { type HostEntry, type HostShape, hosts } from "./hosts.ts";
import { agentChoice } from "./key-choices.ts";
import { takeOwnFlags } from "./own-flags.ts";
import { parseSettings, type Settings } from "./settings.ts";
import type { Terminal } from "./terminal.ts";
import { quote, UsageError } from "./values.ts";

const hostNames = Object.keys(hosts);

export function help(program: string): string {
  const names = hostNames.map((name) => `  ${name.padEnd(13)}${shapeOf(name)?.title ?? ""}`);
  return [
    `usage: ${program} config APP [--name NAME] [--installed] [--windows] [flags]`,
    "",
    "Prints the entry that makes an MCP host start us with these flags, ready to paste. APP is one of:",
    ...names,
    "",
    "  --name NAME   what the host calls the server; made from --host unless given",
    "  --installed   start this installation with this Node by their whole paths, without npx",
    "  --windows     start npx as Windows needs it; on Windows it is so by itself",
    "",
    `The other flags are those of ${program} itself. Values of --passphrase and --env NAME=VALUE go to the entry's env.`,
  ].join("\n");
}

export async function run(argv: readonly string[], { localUser, out, err }: Terminal): Promise<number> {
  const [hostName = "", ...others] = argv;
  const shape = shapeOf(hostName);
  if (shape === undefined) {
    const choice =
      hostName === "" || hostName.startsWith("-") ? "expected one argument" : `invalid choice: ${quote(hostName)}`;
    const all = `choose from ${hostNames.join(", ")}; the SSH server is given by --host`;
    throw new UsageError(`argument APP: ${choice} (${all})`);
  }
  const { own, rest } = takeOwnFlags(others, { "--name": true, "--installed": false, "--windows": false });
  const settings = parseSettings(rest, localUser, "no flag for a host");
  const name = nameOf(own.get("--name"), settings.host);
  const started = starter({ isInstalled: own.has("--installed"), isWindows: own.has("--windows") });
  const { args, env, notes } = entryOf(givenFlags(rest));
  const entry = { command: started.command, args: [...started.args, ...args], env };
  await out(`${shape.write(name, entry)}\n`);
  const shell = started.command === "cmd" ? undefined : shape.shell?.(name, withoutSecrets(entry)); // whose quotes are a POSIX shell's
  const told = [
    ...notes,
    ...acceptNotes(settings),
    ...agentNotes(settings),
    ...started.notes(entry),
    ...replacing(shape, entry),
  ];
  for (const note of [...placing(shape, shell, entry), ...told]) err(`# ${note}`);
  return 0;
}

function shapeOf(name: string): HostShape | undefined {
  return Object.hasOwn(hosts, name) ? hosts[name as keyof typeof hosts] : undefined;
}

/** What all hosts take as a name. */
function nameOf(given: string | true | undefined, host: string): string {
  if (typeof given !== "string") return host.replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^-+|-+$/g, "") || "remote";
  if (/^[A-Za-z0-9_-]{1,64}$/.test(given)) return given;
  throw new UsageError(`argument --name: invalid name: ${quote(given)} (letters, digits, - and _)`);
}

function placing({ title, where, keeps }: HostShape, shell: string | undefined, { env }: HostEntry): readonly string[] {
  const [first = "", ...others] = where;
  const names = Object.keys(env).join(", ");
  const then =
    names === "" ? "" : `, then put ${names} into ${keeps ?? "its entry"} (on a command line others could read it)`;
  const also = shell === undefined ? [] : [`or, for you in every project${then}: ${shell}`];
  return [`for ${title}, in ${first}`, ...others, ...also];
}

/** What may stand on a command line, which every user of the machine can read, and the shell's history keeps. */
function withoutSecrets({ env, ...entry }: HostEntry): HostEntry {
  return { ...entry, env: Object.fromEntries(Object.keys(env).map((name) => [name, "PUT IT HERE"])) };
}

/** Most servers allow few variables, or none. */
function acceptNotes({ env }: Settings): readonly string[] {
  const names = [...new Set(env.map(({ name }) => name))].join(" ");
  if (names === "") return [];
  return [
    `the server must allow --env (AcceptEnv ${names} in its sshd_config); where it does not, have the command set it`,
  ];
}

interface Starter {
  readonly command: string;
  readonly args: readonly string[];
  readonly notes: (entry: HostEntry) => readonly string[];
}

/** How we are started: by npx, which finds us, or as what runs now. */
function starter({ isInstalled, isWindows }: { isInstalled: boolean; isWindows: boolean }): Starter {
  if (isInstalled) {
    const script = resolve(process.argv[1] ?? "");
    if (script === process.execPath || insideBun.test(script))
      return { command: process.execPath, args: [], notes: () => [] };
    const isPassing = script.split(/[\\/]/).includes("_npx");
    const note = "that is npx's cache, which may go: install with npm install --global mcp-ssh-client, and ask again";
    return { command: process.execPath, args: [script], notes: () => (isPassing ? [note] : []) };
  }
  if (!isWindows && process.platform !== "win32") return { command: "npx", args: npx.slice(1), notes: () => [] };
  return {
    command: "cmd",
    args: ["/c", ...npx],
    notes: ({ args }) => (args.some((arg) => /[%"&|<>^]/.test(arg)) ? [cmdNote] : []),
  };
}

/** Where Bun's single executables have their script; Node's name the executable itself. */
const insideBun = /^(?:\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/;

const cmdNote = 'cmd reads % " & | < > ^ in its own way: if the command does not arrive as it stands, use --installed';

/** The flags under their whole names, their values as typed, but for files, which a host would look for elsewhere, and secrets. */
function entryOf(given: readonly GivenFlag[]) {
  const args: string[] = [];
  const env: Record<string, string> = {};
  const notes = new Set<string>();
  for (const { flag, raw, isPath } of given) {
    if (raw === undefined) args.push(flag);
    else if (flag === "--passphrase") {
      env["MCP_SSH_PASSPHRASE"] = raw;
      notes.add("the passphrase is in env, where it is on no command line: keep that file to yourself (chmod 600)");
    } else if (flag === "--env") args.push(flag, variableOf(raw, env, notes));
    else args.push(...worded(flag, isPath ? pathOf(flag, raw) : raw));
  }
  return { args, env, notes: [...notes] };
}

/** The agent of this terminal is not the host's. */
function agentNotes(settings: Settings): readonly string[] {
  const path = process.env["SSH_AUTH_SOCK"];
  const { agent, clientKeys, isClientKeyGiven } = settings;
  const mayBeAsked = !isClientKeyGiven || clientKeys.some((key) => key.endsWith(".pub"));
  const isFound = agent === undefined && path !== undefined && agentChoice(settings) !== undefined && mayBeAsked;
  if (!isFound && agent !== "SSH_AUTH_SOCK") return [];
  const flag = path ? `--agent ${quote(path)}` : "--agent SOCKET";
  return [`hosts do not hand SSH_AUTH_SOCK over: for a key of your agent add ${flag}, if that path lasts`];
}

/** A value that begins with a dash would be taken for a flag. */
function worded(flag: string, value: string): readonly string[] {
  return value.startsWith("-") ? [`${flag}=${value}`] : [flag, value];
}

/** Hosts start us in other folders: only `~`, whole paths and what is no path at all stand as they are. */
function pathOf(flag: string, raw: string): string {
  return /^~(\/|$)/.test(raw) || notPaths[flag]?.includes(raw) ? raw : resolve(raw);
}

const notPaths: Readonly<Record<string, readonly string[]>> = {
  "--agent": ["none", "SSH_AUTH_SOCK"],
  "--ssh-config": ["none"],
};

/** What `--env` keeps: the name alone, where the value can go to the entry's env. */
function variableOf(raw: string, env: Record<string, string>, notes: Set<string>): string {
  const split = raw.indexOf("=");
  const name = split < 0 ? raw : raw.slice(0, split);
  if (split < 0) {
    notes.add(`--env ${name} takes the value that the host hands over, mostly none: add ${name} to the entry's env`);
    return raw;
  }
  if (isOurs(name)) {
    notes.add(`the value of --env ${name} stays among the arguments: in env it would change our own process`);
    return raw;
  }
  env[name] = raw.slice(split + 1);
  notes.add("values of --env are in env, where they are on no command line: keep that file to yourself (chmod 600)");
  return name;
}

/** Variables that npx, Node or we ourselves read. */
function isOurs(name: string): boolean {
  return /^(PATH|HOME|USER|LOGNAME|SHELL|TERM|TMPDIR|TEMP|TMP|LANG|TZ|USERPROFILE|APPDATA|COMSPEC|PATHEXT|SYSTEMROOT|(NODE|NPM|LC|LD|DYLD|SSH|MCP_SSH|XDG)_.*|.*_PROXY)$/i.test(
    name,
  );
}

function replacing({ title, replaces }: HostShape, { args, env }: HostEntry): readonly string[] {
  if (replaces === undefined || ![...args, ...Object.values(env)].some((text) => text.includes(replaces))) return [];
  return [`${title} may put a variable in the place of what follows ${replaces} before it starts us`];
}

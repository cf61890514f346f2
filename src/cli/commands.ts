/**
 * Commands: those that a person is told to paste. They name a server as he did, since ssh, ssh-copy-id and we read the same
 * configuration; port and user stand there only where they were said, or where ssh's own would be others. Pure.
 */
import { expandHome, shellQuoted } from "../node/files.ts";
import type { JumpSpec } from "../node/jump-spec.ts";
import type { Settings } from "./settings.ts";

/** How we are called wherever nothing is installed. */
export const npx: readonly string[] = ["npx", "-y", "mcp-ssh-client"];

/** Shows the host keys of a server, asks, and writes them where this server's are looked up. */
export function trustCommand(server: Settings): string {
  const { isJump, knownHosts, sshConfig, proxyJump } = server;
  return words([
    ...[...npx, "trust", nameOf(server)],
    ...portWords("--port", server),
    ...(knownHosts === undefined || isJump ? [] : ["--known-hosts", knownHosts]),
    ...(sshConfig === undefined ? [] : ["--ssh-config", sshConfig]),
    ...(proxyJump === undefined ? [] : ["--proxy-jump", jumpWord(proxyJump)]),
    ...loginWords(server),
  ]);
}

/** Makes the key. */
export function keygenCommand(path: string): string {
  return words([...npx, "keygen", "--client-key", path]);
}

/** Brings a public key to the server. */
export function copyCommand(server: Settings, publicKey: string): string {
  return words([
    ...["ssh-copy-id", "-i", publicKey],
    ...portWords("-p", server),
    ...sshWords(server),
    accountOf(server),
  ]);
}

/** Runs something on the server by ssh. */
export function sshCommand(server: Settings, command: string): string {
  return words(["ssh", ...portWords("-p", server), ...sshWords(server), accountOf(server), command]);
}

function words(list: readonly string[]): string {
  return list.map(shellQuoted).join(" ");
}

/** As the command line or ProxyJump names it. */
function nameOf({ host, config }: Settings): string {
  return config?.alias ?? host;
}

function accountOf(server: Settings): string {
  const isSaid = server.given.has("username") || !server.isSshLike;
  return isSaid ? `${server.username}@${nameOf(server)}` : nameOf(server);
}

/** Nothing where ssh finds it by itself. */
function portWords(flag: string, { port, given, isSshLike }: Settings): readonly string[] {
  return given.has("port") || !isSshLike ? [flag, String(port)] : [];
}

function sshWords({ sshConfig, proxyJump }: Settings): readonly string[] {
  return [
    ...(sshConfig === undefined ? [] : ["-F", expandHome(sshConfig)]),
    ...(proxyJump === undefined ? [] : ["-o", `ProxyJump=${jumpWord(proxyJump)}`]),
  ];
}

/** Only on the way through a jump host is anybody logged in to. */
function loginWords({ isClientKeyGiven, clientKeys, agent, proxyJump, config }: Settings): readonly string[] {
  const jumps = proxyJump ?? config?.jumps ?? [];
  if (jumps.length === 0) return [];
  const keys = isClientKeyGiven ? clientKeys.flatMap((path) => ["--client-key", path]) : [];
  return [...keys, ...(agent === undefined ? [] : ["--agent", agent])];
}

/** As ssh's `-J` takes it. */
function jumpWord(jumps: readonly JumpSpec[]): string {
  if (jumps.length === 0) return "none";
  return jumps
    .map(({ host, port, user }) => {
      const name = host.includes(":") ? `[${host}]` : host;
      return `${user === undefined ? "" : `${user}@`}${name}${port === undefined ? "" : `:${port}`}`;
    })
    .join(",");
}

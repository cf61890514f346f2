/**
 * Key choices: which key files and which agent the settings mean. Who names a key means that key and no other. With a
 * command or a subsystem ssh's defaults count: its key files, and the agent of the environment. Pure.
 */

import { expandHome } from "../node/files.ts";
import { type AgentChoice, agentPath, type KeyChoice } from "../node/key-choices.ts";
import type { Settings } from "./settings.ts";

/** What of the settings has a say in it. */
export type Chosen = Pick<Settings, "clientKeys" | "isClientKeyGiven" | "agent" | "isSshLike" | "isJump" | "config">;

/** Those of ssh, the newer kinds first; it tries RSA first. ssh_config(5): IdentityFile. */
const defaultKeys: readonly string[] = [
  "~/.ssh/id_ed25519",
  "~/.ssh/id_ecdsa",
  "~/.ssh/id_rsa",
  "~/.ssh/id_ed25519_sk",
  "~/.ssh/id_ecdsa_sk",
];

/** The files, in the order in which they are tried. */
export function keyChoices(settings: Chosen): readonly KeyChoice[] {
  const { isClientKeyGiven, isSshLike, isJump, agent, config } = settings;
  const isNamed = !isJump && (isClientKeyGiven || (!isSshLike && !asksAgent(agent)));
  const files = isNamed || !isSshLike ? settings.clientKeys : (config?.identityFiles ?? defaultsOf(settings));
  return files.map((path) => ({ path, isNamed }));
}

/** For a jump host the key that was named for the server behind it is one more to try, unlike ssh. */
function defaultsOf({ clientKeys, isClientKeyGiven, isJump }: Chosen): readonly string[] {
  return isJump && !isClientKeyGiven ? defaultKeys : [...clientKeys, ...defaultKeys];
}

/** Whether keys of the agent that no file names stay out. */
export function isOnlyFiles({ isClientKeyGiven, isSshLike, isJump, config }: Chosen): boolean {
  return (isClientKeyGiven && !isJump) || (isSshLike && config?.identitiesOnly === true);
}

/**
 * The key that is made if it is missing, as the replaced tool did. Of several files one may be mistyped, a public key is
 * no private key's place, and an agent that was named has the private half.
 */
export function keyToMake(settings: Chosen): string | undefined {
  const [choice, ...others] = keyChoices(settings);
  if (choice === undefined || others.length > 0 || !choice.isNamed || asksAgent(settings.agent)) return undefined;
  return choice.path.endsWith(".pub") ? undefined : choice.path;
}

/** Without a command or a subsystem none is asked that was not named: so did the replaced tool. */
export function agentChoice(settings: Chosen, env: NodeJS.ProcessEnv = process.env): AgentChoice | undefined {
  const { agent, isSshLike, config } = settings;
  if (agent === undefined && !isSshLike) return undefined;
  const configured = config?.identityAgent;
  const path = agentPath(agent ?? (configured && expandHome(configured)), env);
  return path === undefined ? undefined : { path, isNamed: agent !== undefined };
}

function asksAgent(agent: string | undefined): boolean {
  return agent !== undefined && agent !== "none";
}

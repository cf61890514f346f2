/**
 * Key choices: which key files and which agent the settings mean. Who names a key means that key and no other. With a
 * command or a subsystem ssh's defaults count: its key files, and the agent of the environment. Pure.
 */
import { type AgentChoice, agentPath, type KeyChoice } from "../node/key-choices.ts";
import type { Settings } from "./flags.ts";

/** What of the settings has a say in it. */
export type Chosen = Pick<Settings, "clientKeys" | "isClientKeyGiven" | "agent" | "request">;

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
  const { clientKeys, isClientKeyGiven, agent } = settings;
  const isNamed = isClientKeyGiven || (!isSshLike(settings) && !asksAgent(agent));
  const files = isNamed || !isSshLike(settings) ? clientKeys : [...clientKeys, ...defaultKeys];
  return files.map((path) => ({ path, isNamed }));
}

/** Without a command or a subsystem none is asked that was not named: so did the replaced tool. */
export function agentChoice(settings: Chosen, env: NodeJS.ProcessEnv = process.env): AgentChoice | undefined {
  const { agent } = settings;
  if (agent === undefined && !isSshLike(settings)) return undefined;
  const path = agentPath(agent, env);
  return path === undefined ? undefined : { path, isNamed: agent !== undefined };
}

function isSshLike({ request }: Chosen): boolean {
  return !("shell" in request);
}

function asksAgent(agent: string | undefined): boolean {
  return agent !== undefined && agent !== "none";
}

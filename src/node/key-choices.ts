/**
 * Key choices: the files that may hold a key, read, and where the agent listens on this machine. What comes of them is
 * found later, by `identities.ts`.
 */
import { SshError } from "../ssh/errors.ts";
import { FileError, type KeyFile, readKeyFile } from "./files.ts";

/** A file that may hold a key. */
export interface KeyChoice {
  readonly path: string;
  /** Whether it was asked for: then it must be there and be of use. */
  readonly isNamed: boolean;
}

/** What became of reading it; undefined where it was not named and cannot be read. */
export interface ReadChoice extends KeyChoice {
  readonly file: KeyFile | undefined;
  /** Its line for authorized_keys, where this run has made it: no server knows it yet. */
  readonly madeLine?: string;
}

/** Which agent may be asked. */
export interface AgentChoice {
  readonly path: string;
  /** Whether it was asked for: then it must answer. */
  readonly isNamed: boolean;
}

/** What there is none of: an agent to sign for a public key, that key in the agent, or any key at all. */
export type Lack = "agent" | "identity" | "key";

/** There is no key to try, or a named one cannot be. */
export class IdentityError extends SshError {
  override readonly name = "IdentityError";
  readonly lack: Lack;

  constructor(message: string, lack: Lack) {
    super(message);
    this.lack = lack;
  }
}

/** Reads the files of the choices. @throws FileError for one that was named */
export function readChoices(choices: readonly KeyChoice[]): Promise<readonly ReadChoice[]> {
  return Promise.all(choices.map(readChoice));
}

async function readChoice(choice: KeyChoice): Promise<ReadChoice> {
  try {
    return { ...choice, file: await readKeyFile(choice.path) };
  } catch (error) {
    if (choice.isNamed || !(error instanceof FileError)) throw error;
    return { ...choice, file: undefined };
  }
}

/**
 * Where the agent listens: `given` as ssh_config's IdentityAgent has it (a path, `none`, or the name SSH_AUTH_SOCK), else
 * what the environment says; on Windows else the pipe of OpenSSH's service. Undefined: there is none.
 */
export function agentPath(
  given: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  if (given === "none") return undefined;
  if (given !== undefined && given !== "SSH_AUTH_SOCK") return given;
  return env["SSH_AUTH_SOCK"] || (platform === "win32" ? windowsPipe : undefined);
}

const windowsPipe = "\\\\.\\pipe\\openssh-ssh-agent";

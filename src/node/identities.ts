/**
 * Identities: which keys are tried, in which order: those of the files, as they were named, then what else an agent
 * holds. A file may hold a public key: then the agent signs for it and for no other. An agent that is not needed is not
 * asked, and one that nobody named may be missing. A key's certificates are shown before the key.
 */
import type { AgentIdentity } from "../ssh/agent.ts";
import type { Signer } from "../ssh/algorithms/interfaces.ts";
import { certifiedKeyIn, certifiedSigner } from "../ssh/certificate.ts";
import { AgentError, KeyFormatError, PassphraseError, SshError } from "../ssh/errors.ts";
import { fingerprint } from "../ssh/known-hosts.ts";
import { printable } from "../ssh/printable.ts";
import { type PublicKey, parsePublicKey, publicHalfOf } from "../ssh/public-key.ts";
import { maximumTries } from "../ssh/userauth.ts";
import { isEqual } from "../ssh/wire.ts";
import type { Agent } from "./agent.ts";
import { Certificates } from "./certificates.ts";
import { expandHome, type KeyFile } from "./files.ts";
import { type AgentChoice, IdentityError, type ReadChoice, readChoices } from "./key-choices.ts";

export interface IdentityOptions {
  readonly files: readonly ReadChoice[];
  /** Undefined: none is asked. */
  readonly agent: AgentChoice | undefined;
  /** Whether keys of the agent that no file names stay out. */
  readonly isOnlyFiles: boolean;
  /** Files of certificates for these keys, beside those that stand in `KEY-cert.pub`. */
  readonly certificateFiles?: readonly string[];
  /** Makes a signer of a private key file. @throws KeyFormatError */
  readonly open: (file: KeyFile) => Signer | Promise<Signer>;
  /** Asks a person for the passphrase of a named file that neither `open` nor the agent can use; undefined: there is none to ask. */
  readonly unlock?: (file: KeyFile) => Promise<Signer | undefined>;
  /** Makes ready to ask an agent; called only where it is to be asked. */
  readonly agentAt: (path: string) => Promise<Agent>;
  readonly onWarning: (text: string) => void;
  /** Told what was passed over in silence. */
  readonly onNote: (text: string) => void;
}

/**
 * The signers to try, in order, none twice, five at most.
 * @throws IdentityError, AgentError, KeyFormatError where there is none, or what was named is of no use
 */
export async function findSigners(options: IdentityOptions): Promise<readonly Signer[]> {
  const search = new Search(options);
  const found: Signer[] = [];
  for (const choice of options.files) found.push(...(await search.ofFile(choice)));
  if (!options.isOnlyFiles) found.push(...(await search.ofAgent()));
  const first = ({ publicKeyBlob }: Signer): number =>
    found.findIndex((each) => isEqual(each.publicKeyBlob, publicKeyBlob));
  const signers = found.filter((signer, at) => at === first(signer));
  if (signers.length === 0) throw await search.nothing();
  if (signers.length > maximumTries) {
    const which = `only the first ${maximumTries} of ${signers.length} keys are tried, because servers hang up after a few`;
    options.onWarning(`${which}: name the right one with --client-key (a key of the agent by its public key)`);
  }
  return signers.slice(0, maximumTries);
}

/** An agent, and what it holds. */
interface Held {
  readonly agent: Agent;
  readonly identities: readonly AgentIdentity[];
}

class Search {
  readonly #options: IdentityOptions;
  readonly #certificates: Certificates;
  #held: Promise<Held> | undefined;
  /** Why an agent that nobody named was passed over. */
  #failure: string | undefined;
  /** Files that need a passphrase that we have not. */
  readonly #locked: string[] = [];

  constructor(options: IdentityOptions) {
    this.#options = options;
    this.#certificates = new Certificates(options.certificateFiles ?? [], options.onWarning);
  }

  /** The signers of one file, those with a certificate first; none where it is of no use and was not named. */
  async ofFile({ file, isNamed }: ReadChoice): Promise<readonly Signer[]> {
    if (file === undefined) return [];
    const publicKey = parsePublicKey(file.text);
    try {
      if (publicKey !== undefined) return await this.#ofPublicKey(file, publicKey);
      const signer = await this.#ofPrivateKey(file, isNamed);
      return [...(await this.#certificates.of(signer, file.path)), signer];
    } catch (error) {
      if (isNamed || !(error instanceof SshError)) throw error;
      if (error instanceof PassphraseError) this.#locked.push(file.path);
      this.#options.onNote(error.message);
      return [];
    }
  }

  /** All that the agent holds. */
  async ofAgent(): Promise<readonly Signer[]> {
    const held = await this.#ask();
    const signers = held?.identities.flatMap((identity) => held.agent.signer(identity) ?? []) ?? [];
    const certified = await Promise.all(signers.map((signer) => this.#certificates.of(signer)));
    return [...certified.flat(), ...signers];
  }

  /** Why there is nothing to try. */
  async nothing(): Promise<IdentityError> {
    const { files, agent } = this.#options;
    const all = files.map(({ path }) => expandHome(path));
    const paths = all.filter((path) => !this.#locked.includes(path)).map((path) => printable(path));
    const locked = this.#locked.map((path) => `${printable(path)} needs its passphrase`);
    const held = agent && (await this.#ask());
    const agents = held === undefined ? this.#failure : `the agent at ${where(held)} ${shown(held)}`;
    const reasons = [paths.length === 0 ? undefined : `${paths.join(", ")} cannot be used`, ...locked, agents];
    const why = reasons.filter((reason) => reason !== undefined).join("; ");
    return new IdentityError(`There is no key to log in with${why === "" ? "" : `: ${why}`}`, "key");
  }

  /** What we cannot open (for want of a passphrase, or because it is in a security key), the agent may hold. */
  async #ofPrivateKey(file: KeyFile, isNamed: boolean): Promise<Signer> {
    if (file.warning !== undefined) this.#options.onWarning(file.warning);
    try {
      return await this.#options.open(file);
    } catch (error) {
      if (!(error instanceof KeyFormatError)) throw error;
      const isLocked = isNamed && error instanceof PassphraseError && error.reason === "needed";
      const signer = (await this.#ofAgentInstead(file)) ?? (isLocked ? await this.#options.unlock?.(file) : undefined);
      if (signer === undefined) throw error;
      return signer;
    }
  }

  async #ofAgentInstead(file: KeyFile): Promise<Signer | undefined> {
    if (this.#options.agent === undefined) return undefined;
    const publicKeyBlob = publicHalfOf(file.text) ?? (await publicKeyBeside(file.path));
    const signer = publicKeyBlob && signerIn(await this.#ask(), publicKeyBlob);
    if (signer !== undefined) this.#options.onNote(`the agent signs for ${printable(file.path)}`);
    return signer;
  }

  /** What the agent holds of the key, its certificates first; for a certificate the agent may hold just its key. */
  async #ofPublicKey({ path }: KeyFile, { publicKeyBlob, keyType }: PublicKey): Promise<readonly Signer[]> {
    const name = printable(path);
    if (this.#options.agent === undefined) {
      throw new IdentityError(`${name} is a public key, and there is no agent to sign for it`, "agent");
    }
    const held = await this.#asked();
    const signer = signerIn(held, publicKeyBlob);
    const certified = held.identities.filter((each) => isOf(each.publicKeyBlob, publicKeyBlob));
    const signers = certified.flatMap((identity) => held.agent.signer(identity) ?? []);
    if (signer !== undefined) return [...signers, ...(await this.#certificates.of(signer, path)), signer];
    if (signers.length > 0) return signers;
    const own = certifiedKeyIn(publicKeyBlob);
    const ownSigner = own && signerIn(held, own);
    if (ownSigner !== undefined) return [certifiedSigner(ownSigner, publicKeyBlob)];
    const key = `the key of ${name} (${printable(keyType, 80)} ${fingerprint(publicKeyBlob)})`;
    throw new IdentityError(`The agent at ${where(held)} does not sign for ${key}: it ${shown(held)}`, "identity");
  }

  /** What the agent holds; undefined where there is none, or where one that nobody named does not answer. */
  async #ask(): Promise<Held | undefined> {
    const { agent, onNote } = this.#options;
    if (agent === undefined || this.#failure !== undefined) return undefined;
    try {
      return await this.#asked();
    } catch (error) {
      if (agent.isNamed || !(error instanceof AgentError)) throw error;
      this.#failure = error.message;
      onNote(error.message);
      return undefined;
    }
  }

  /** It is asked once. @throws AgentError */
  #asked(): Promise<Held> {
    const { agent, agentAt } = this.#options;
    if (agent === undefined) throw new TypeError("there is no agent to ask");
    this.#held ??= agentAt(agent.path).then(async (agent) => ({ agent, identities: await agent.identities() }));
    return this.#held;
  }
}

/** The key in KEY.pub, as ssh-keygen puts it beside KEY. */
async function publicKeyBeside(path: string): Promise<Uint8Array | undefined> {
  const [beside] = await readChoices([{ path: `${path}.pub`, isNamed: false }]);
  return beside?.file && parsePublicKey(beside.file.text)?.publicKeyBlob;
}

/** Whether the one blob is a certificate for the key of the other. */
function isOf(certificate: Uint8Array, publicKeyBlob: Uint8Array): boolean {
  const own = certifiedKeyIn(certificate);
  return own !== undefined && isEqual(own, publicKeyBlob);
}

function signerIn(held: Held | undefined, publicKeyBlob: Uint8Array): Signer | undefined {
  const identity = held?.identities.find((each) => isEqual(each.publicKeyBlob, publicKeyBlob));
  return identity && held?.agent.signer(identity);
}

function where({ agent }: Held): string {
  return printable(agent.path);
}

/** What an agent holds, in words. */
function shown({ identities }: Held): string {
  if (identities.length === 0) return "shows no keys, as a locked one does";
  const names = identities.slice(0, maximumTries).map(({ publicKeyBlob }) => fingerprint(publicKeyBlob));
  const more = identities.length - names.length;
  return `holds ${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

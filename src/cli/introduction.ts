/**
 * Introduction: the key server tells us which host key its server has, and its server which key is ours. Loaded only for
 * --use-key-server. A key server takes few requests a minute from one address, and hosts start us several times at once:
 * so it is asked for a host key only where none is known, and told ours only then or when we were not let in.
 */
import { expandHome, FileError, type KnownHostsFile, readKnownHostsIfThere } from "../node/files.ts";
import { type FetchedHostKey, KeyServer, type KeyServerNotice } from "../node/key-server.ts";
import { KeyServerError } from "../node/key-server-error.ts";
import { rememberHostKey } from "../node/known-hosts-file.ts";
import type { Log } from "../node/log.ts";
import type { HostTrust } from "../node/trust.ts";
import { at } from "../node/trust-words.ts";
import { isCertified, keyTypeOf } from "../ssh/algorithm-name.ts";
import type { Signer } from "../ssh/algorithms/interfaces.ts";
import type { HostKey } from "../ssh/connection.ts";
import { type AuthError, HostKeyError } from "../ssh/errors.ts";
import { checkHostKey, parseKnownHosts, type Verdict } from "../ssh/known-hosts.ts";
import { printable } from "../ssh/printable.ts";
import { isEqual } from "../ssh/wire.ts";
import type { Settings } from "./settings.ts";
import { type TrustChoice, trustChoice } from "./trust-choices.ts";

/** Where host keys are remembered that a key server gave: a known_hosts file of our own. */
export const rememberedKeys = "~/.ssh/mcp_ssh_client_known_hosts";

/** How long another of our processes may take to remember a key that the key server will not tell us too, in milliseconds. */
const patience = 5_000;
const pause = 100;

/** What an introduction needs of the world. */
export interface IntroductionOptions {
  readonly log: Log;
  readonly signal: AbortSignal;
  /** The way to the SSH server: if that fails, no key server helps. */
  readonly socket: Promise<unknown>;
}

/** One connection's dealings with the key server, or those of one that is made again. */
export class Introduction {
  /**
   * What host keys are judged by: the remembered ones, and the files that ssh would look into. Where none is known for the host, it resolves
   * once the key server has given one, and rejects if it does not.
   */
  readonly knownHosts: Promise<readonly KnownHostsFile[]>;
  readonly #settings: Pick<Settings, "host" | "port" | "hostKeyPins">;
  readonly #choice: TrustChoice;
  readonly #options: IntroductionOptions;
  readonly #keyServer: KeyServer;
  /** Undefined where a host key was known. */
  #fetched: FetchedHostKey | undefined;
  /** What the key server gave for the connection before. */
  readonly #given: FetchedHostKey | undefined;
  #isRemembered = false;
  #registration: "none" | "done" | KeyServerError = "none";

  /** Begins at once. `before`: with the connection that was lost; what the files say by now counts, and what the key server has said. */
  constructor(settings: Settings, options: IntroductionOptions, before?: Introduction) {
    const { host, keyServer } = settings;
    if (keyServer === undefined) throw new TypeError("no key server is to be asked");
    this.#settings = settings;
    this.#choice = trustChoice(settings);
    this.#options = options;
    if (before !== undefined) {
      this.#given = before.#fetched ?? before.#given;
      this.#isRemembered = before.#isRemembered;
      if (before.#registration === "done") this.#registration = "done";
    }
    const onNotice = ({ type, text }: KeyServerNotice): void => {
      if (type === "asking") options.log.debug(`asking ${text}`);
      else if (type === "certificate")
        options.log.warning(`${text}: going on over plain HTTP, as if nobody were there`);
      else options.log.debug(`${text}; going on over plain HTTP`);
    };
    this.#keyServer = new KeyServer({ host, ...keyServer, env: process.env, signal: options.signal, onNotice });
    this.knownHosts = this.#begin();
  }

  /** The known_hosts file that has the host's key, or will have it: what follows the host writes there. */
  async place(): Promise<string> {
    const own = (await this.knownHosts).filter(({ path }) => path === expandHome(rememberedKeys));
    return this.#fetched !== undefined || this.#isKnown(own) ? rememberedKeys : this.#choice.place;
  }

  /** Registers the key that we log in with, once, where we meet the server for the first time. @throws the signal's reason */
  async introduceUs(keys: readonly Signer[]): Promise<void> {
    if (this.#fetched !== undefined && this.#registration === "none") await this.#register(keys);
  }

  /** What judges the host key: `trust`, which stands on `knownHosts`, and beyond that what the key server said. */
  trusting(trust: HostTrust): HostTrust {
    const fetched = this.#fetched;
    if (fetched === undefined) return { ...trust, verifyHostKey: (hostKey) => this.#judgeKnown(trust, hostKey) };
    const isIts = (name: string): boolean => keyTypeOf(name) === fetched.keyType && !isCertified(name);
    const hostKeyAlgorithms = trust.hostKeyAlgorithms.filter(isIts);
    if (hostKeyAlgorithms.length === 0) {
      throw new KeyServerError(`${fetched.url} gave a host key of type ${fetched.keyType}, which is not supported`, "");
    }
    return { ...trust, hostKeyAlgorithms, verifyHostKey: (hostKey) => this.#judgeNew(trust, fetched, hostKey) };
  }

  /** We were not let in: registers our key, if that is not done. @throws what to say if there is no use in trying again */
  async registerAfter(refusal: AuthError, keys: readonly Signer[]): Promise<void> {
    if (refusal.partialSuccess || this.#registration === "done") throw refusal;
    if (this.#registration === "none") {
      this.#options.log.info("the server does not know our key: registering it with the key server");
      await this.#register(keys);
    }
    const registration: string | KeyServerError = this.#registration;
    if (registration === "none") throw refusal; // there is nothing to register
    if (registration instanceof KeyServerError) {
      const lead = refusal.message.startsWith("Authentication failed") ? "" : "Authentication failed: ";
      throw new KeyServerError(`${lead}${refusal.message}. ${registration.message}`, registration.cure);
    }
  }

  /** We were let in: the server knows our key, and if ever it does not any more, that is its operator's word. */
  letIn(): void {
    this.#registration = "done";
  }

  async #begin(): Promise<readonly KnownHostsFile[]> {
    const files = await this.#readFiles();
    if (this.#isKnown(files)) return files;
    this.#fetched = this.#given;
    if (this.#fetched !== undefined) return files;
    const noWay = new Promise<never>((_, reject) => {
      this.#options.socket.catch(reject);
    });
    try {
      this.#fetched = await Promise.race([this.#keyServer.fetchHostKey(), noWay]);
      return files;
    } catch (error) {
      if (!(error instanceof KeyServerError && error.isRateLimited)) throw error;
      const later = await this.#rememberedByOthers();
      if (later === undefined) throw error;
      return later;
    }
  }

  /** Another process of ours may have been told the key that we are not. */
  async #rememberedByOthers(): Promise<readonly KnownHostsFile[] | undefined> {
    for (let waited = 0; waited < patience; waited += pause) {
      this.#options.signal.throwIfAborted();
      const later = await this.#readFiles();
      if (this.#isKnown(later)) return later;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    return undefined;
  }

  /** Where the host has any key, one that nobody has is a changed one. */
  #isKnown(files: readonly KnownHostsFile[]): boolean {
    if (this.#settings.hostKeyPins.length > 0) return true;
    return this.#verdict(files, new Uint8Array(0)).verdict === "changed";
  }

  #verdict(files: readonly KnownHostsFile[], keyBlob: Uint8Array): Verdict {
    const { host, port } = this.#settings;
    const known = files.map(({ path, text }) => parseKnownHosts(printable(path), text));
    return checkHostKey(known, host, port, keyBlob);
  }

  #readFiles(): Promise<readonly KnownHostsFile[]> {
    return readKnownHostsIfThere([rememberedKeys, ...this.#choice.files]);
  }

  /** The server may know our key in spite of a failure, from another of our processes perhaps: that shows at the login. */
  async #register(keys: readonly Signer[]): Promise<void> {
    const key = keys.find(({ algorithms: [name] }) => !isCertified(name));
    if (key === undefined) return this.#options.log.debug("there is no key to register: certificates are not");
    try {
      await this.#keyServer.register(key.publicKeyBlob);
      this.#registration = "done";
      this.#options.log.debug("the key server has our public key");
    } catch (error) {
      if (!(error instanceof KeyServerError)) throw error;
      this.#registration = error;
      this.#options.log.info(`${error.message}; trying to log in nevertheless`);
    }
  }

  async #judgeKnown(trust: HostTrust, hostKey: HostKey): Promise<void> {
    try {
      await trust.verifyHostKey(hostKey);
    } catch (error) {
      const entry = error instanceof HostKeyError && error.verdict === "changed" ? error.knownHostsLine : undefined;
      if (!(error instanceof HostKeyError) || !entry?.startsWith(printable(expandHome(rememberedKeys)))) throw error;
      const message = `${error.message}. Once that line is gone, the key server is asked anew`;
      throw new HostKeyError(message, error.verdict, error.fingerprint, entry);
    }
  }

  /** What known_hosts revokes stays revoked, whatever a key server says. */
  async #judgeNew(trust: HostTrust, fetched: FetchedHostKey, hostKey: HostKey): Promise<void> {
    try {
      await trust.verifyHostKey(hostKey);
      return; // a line for the bare name knows it
    } catch (error) {
      if (!(error instanceof HostKeyError) || error.verdict !== "unknown") throw error;
    }
    if (!isEqual(hostKey.blob, fetched.blob)) throw this.#mismatch(fetched, hostKey);
    if (!fetched.isProved) await this.#refuseLessThanKnown(hostKey);
    if (!this.#isRemembered) await this.#remember(fetched, hostKey);
    this.#isRemembered = true;
  }

  /** Where an authority vouches for the host, what anybody could have said is less than what is known. */
  async #refuseLessThanKnown(hostKey: HostKey): Promise<void> {
    const verdict = this.#verdict(await this.knownHosts, hostKey.blob);
    if (verdict.verdict !== "unknown" || verdict.certAuthority === undefined) return;
    const { host, port } = this.#settings;
    const known = `${at(verdict.certAuthority)} trusts certificates for ${printable(host)} port ${port}`;
    const key = `${keyTypeOf(hostKey.algorithm)} ${hostKey.fingerprint}`;
    const message = `Host key verification failed: ${known}, which outweighs what a key server says over plain HTTP: ${key}. Compare that fingerprint with what the server's operator tells you, by another way than this network; if it is the same, --host-key ${hostKey.fingerprint} trusts it`;
    throw new HostKeyError(message, "unknown", hostKey.fingerprint);
  }

  #mismatch(fetched: FetchedHostKey, hostKey: HostKey): HostKeyError {
    const { host, port } = this.#settings;
    const shown = `${printable(host)} port ${port} showed ${keyTypeOf(hostKey.algorithm)} ${hostKey.fingerprint}`;
    const said = `${fetched.url} says ${fetched.keyType} ${fetched.fingerprint}`;
    const cure = "check that --port and --key-server-port are of one server";
    const message = `Host key verification failed: ${shown}, but ${said}. They are two servers', or someone is sitting on the network path; ${cure}`;
    return new HostKeyError(message, "changed", hostKey.fingerprint);
  }

  async #remember({ keyType, url, isProved }: FetchedHostKey, hostKey: HostKey): Promise<void> {
    const { host, port } = this.#settings;
    const { log } = this.#options;
    const key = `the host key of ${printable(host)} port ${port}, ${keyType} ${hostKey.fingerprint}`;
    const from = `${key}, is taken from the key server (${url})`;
    if (isProved) log.info(`${from}, whose certificate vouches for it`);
    else {
      log.warning(
        `${from} over plain HTTP. This is trust on first use: whoever sits on the network path could have put another ` +
          "key there. Compare the fingerprint with what the server's operator tells you (--key-server-https forbids this way)",
      );
    }
    try {
      const verdict = await rememberHostKey(rememberedKeys, host, port, hostKey.blob);
      if (verdict.verdict === "unknown" || verdict.verdict === "trusted") {
        return log.info(
          `it is remembered in ${printable(expandHome(rememberedKeys))}: from now on no other one is taken`,
        );
      }
      const message = `Host key verification failed: another process of ours has just remembered another key for ${printable(host)} port ${port}. Start again`;
      throw new HostKeyError(message, "changed", hostKey.fingerprint);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      log.warning(`it cannot be remembered, so it will be taken on trust again. ${error.message}`);
    }
  }
}

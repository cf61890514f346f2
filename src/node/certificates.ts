/**
 * Certificates: those of users, which stand in files beside their keys (`KEY-cert.pub`, as ssh-keygen names them) or are
 * named in a configuration. Each makes one more signer of the key that it is for.
 */
import type { Certificate, Signer } from "../ssh/algorithms/interfaces.ts";
import { certifiedSigner, parseCertificate } from "../ssh/certificate.ts";
import { KeyFormatError, ProtocolError } from "../ssh/errors.ts";
import { printable } from "../ssh/printable.ts";
import { parsePublicKey } from "../ssh/public-key.ts";
import { isEqual } from "../ssh/wire.ts";
import type { KeyFile } from "./files.ts";
import { readChoices } from "./key-choices.ts";
import { timeOf } from "./trust-words.ts";

/** A certificate, and where it came from. */
interface Found {
  /** Printable. */
  readonly name: string;
  readonly blob: Uint8Array;
  readonly certificate: Certificate;
}

/** Finds the certificates of keys. */
export class Certificates {
  readonly #files: readonly string[];
  readonly #onWarning: (text: string) => void;
  #named: Promise<readonly Found[]> | undefined;

  /** `files`: those beside the ones that stand with their keys; whichever fits a key is shown with it. */
  constructor(files: readonly string[], onWarning: (text: string) => void) {
    this.#files = files;
    this.#onWarning = onWarning;
  }

  /** Signers that show the key's certificates; `path`: that of the key's file, or of its public half. */
  async of(signer: Signer, path?: string): Promise<readonly Signer[]> {
    this.#named ??= this.#read(this.#files);
    const beside = path === undefined ? [] : await this.#read([`${path.replace(/\.pub$/, "")}-cert.pub`]);
    const certificates = [...beside, ...(await this.#named)];
    return certificates.flatMap((found) => this.#certified(signer, found, beside.includes(found)));
  }

  #certified(signer: Signer, { name, blob, certificate }: Found, isBeside: boolean): readonly Signer[] {
    const isItsOwn = isEqual(certificate.keyBlob, signer.publicKeyBlob);
    if (!isItsOwn && !isBeside) return []; // a configuration's is for one of the keys
    try {
      const certified = certifiedSigner(signer, blob);
      const doubt = doubtOf(certificate, Date.now() / 1000);
      if (doubt !== undefined) this.#onWarning(`the certificate ${name} ${doubt}`);
      return [certified];
    } catch (error) {
      if (!(error instanceof KeyFormatError)) throw error;
      this.#onWarning(`Cannot use the certificate ${name}: ${error.message}`);
      return [];
    }
  }

  /** Those that are there, and are certificates. */
  async #read(paths: readonly string[]): Promise<readonly Found[]> {
    const choices = await readChoices(paths.map((path) => ({ path, isNamed: false })));
    return choices.flatMap(({ file }) => (file === undefined ? [] : this.#parse(file)));
  }

  #parse({ path, text }: KeyFile): readonly Found[] {
    const name = printable(path);
    const blob = parsePublicKey(text)?.publicKeyBlob;
    try {
      if (blob !== undefined) return [{ name, blob, certificate: parseCertificate(blob) }];
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
    this.#onWarning(`Cannot use the certificate ${name}: it is none`);
    return [];
  }
}

/** Why a server will hardly take it now; it is asked all the same, since its clock decides. */
function doubtOf({ validAfter, validBefore }: Certificate, now: number): string | undefined {
  const time = BigInt(Math.trunc(now));
  if (time < validAfter) return `is not valid before ${timeOf(validAfter)}`;
  if (time >= validBefore) return `expired at ${timeOf(validBefore)}: have the key certified again`;
  return undefined;
}

/**
 * Sealed section: how the private section of an openssh-key-v1 file is encrypted (OpenSSH PROTOCOL.key §2, §4). Pure.
 */
import { bcryptPbkdf } from "./algorithms/bcrypt-pbkdf.ts";
import type { RandomBytes } from "./algorithms/interfaces.ts";
import { type KeyCipher, keyCiphers } from "./algorithms/key-ciphers.ts";
import { KeyFormatError } from "./errors.ts";
import { damaged, passphraseNeeded, passphraseWrong } from "./key-material.ts";
import { type OpenSection, readPart, type SealedSection, type Sealer } from "./openssh-key.ts";
import { concat, encodeFields, isEqual } from "./wire.ts";

/**
 * More of bcrypt's rounds than anybody asks for (ssh-keygen's default is 24, guides say 100), at some 5 ms each: nothing
 * else happens meanwhile, and a hostile file must not hold us for hours.
 */
const mostRounds = 1024;

/** Of the KDF `bcrypt`. */
const kdfFields = { salt: "string", rounds: "uint32" } as const;

/**
 * Decrypts a section. `passphrase`: UTF-8, borrowed; undefined or empty where there is none.
 * @throws PassphraseError where the passphrase is missing, or not its own
 * @throws KeyFormatError where it is damaged, or encrypted in a way that we do not read
 */
export function unsealSection(sealed: SealedSection, passphrase: Uint8Array | undefined): OpenSection {
  const { kdfoptions, privateSection, tag } = sealed;
  const cipher = cipherOf(sealed);
  const { salt, rounds } = readPart("KDF options", kdfFields, kdfoptions);
  if (salt.length === 0 || rounds === 0) throw damaged("its KDF options are not ones that ssh-keygen writes");
  if (rounds > mostRounds) {
    throw new KeyFormatError(
      `this private key is encrypted with ${rounds} rounds of bcrypt, and more than ${mostRounds} would keep everything waiting: ssh-keygen -p -a 100 -f KEY makes them 100`,
    );
  }
  if (privateSection.length === 0 || privateSection.length % cipher.blockLength !== 0) {
    throw damaged("its private section has not the length that its cipher gives");
  }
  if (tag.length !== cipher.tagLength) throw damaged("its tag has not the length that its cipher gives");
  if (passphrase === undefined || passphrase.length === 0) throw passphraseNeeded();
  const { keyLength, ivLength } = cipher;
  const keyAndIv = bcryptPbkdf(passphrase, salt, rounds, keyLength + ivLength);
  const [key, iv] = [keyAndIv.subarray(0, keyLength), keyAndIv.subarray(keyLength)];
  const section = cipher.decrypt(key, iv, concat(privateSection, tag));
  keyAndIv.fill(0);
  if (section === undefined) throw passphraseWrong();
  // PROTOCOL.key §3: the two check numbers are equal where the passphrase was right
  if (!isEqual(section.subarray(0, 4), section.subarray(4, 8))) throw passphraseWrong();
  return { section, blockLength: cipher.blockLength };
}

function cipherOf({ ciphername, kdfname }: SealedSection): KeyCipher {
  if (ciphername === "none" || kdfname === "none")
    throw damaged("it has a cipher without a KDF, or a KDF without a cipher");
  const cipher = keyCiphers.get(ciphername);
  if (cipher !== undefined && kdfname === "bcrypt") return cipher;
  const [shownCipher, shownKdf] = [ciphername, kdfname].map((name) =>
    /^[\w@.-]{1,40}$/.test(name) ? name : "unknown",
  );
  throw new KeyFormatError(
    `this private key is encrypted in a way that is not supported (cipher ${shownCipher}, kdf ${shownKdf}): ssh-keygen -p -Z aes256-ctr -f KEY encrypts it anew`,
  );
}

/** What ssh-keygen encrypts with by default, and as much as it does. */
const ownCipherName = "aes256-ctr";
const ownCipher = keyCiphers.get(ownCipherName) as KeyCipher;
const ownRounds = 24;
const saltLength = 16;

/** What encrypts a section with a passphrase (UTF-8, borrowed): aes256-ctr, 24 rounds of bcrypt. */
export function sealerWith(passphrase: Uint8Array, randomBytes: RandomBytes): Sealer {
  return {
    blockLength: ownCipher.blockLength,
    seal(section) {
      const salt = randomBytes(saltLength);
      const { keyLength, ivLength } = ownCipher;
      const keyAndIv = bcryptPbkdf(passphrase, salt, ownRounds, keyLength + ivLength);
      const privateSection = ownCipher.encrypt(keyAndIv.subarray(0, keyLength), keyAndIv.subarray(keyLength), section);
      keyAndIv.fill(0);
      const kdfoptions = encodeFields(kdfFields, { salt, rounds: ownRounds });
      return { ciphername: ownCipherName, kdfname: "bcrypt", kdfoptions, privateSection };
    },
  };
}

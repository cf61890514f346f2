/**
 * Families: the scripts without a deviation, from the version line to the end of a session. Each is played for itself
 * too, as the control of all scenarios that are made from it: it must succeed.
 */
import type { CipherName, KexName, MacName } from "../support/peer-crypto.ts";
import {
  authSuccess,
  channelData,
  channelRequest,
  confirmation,
  extInfo,
  message,
  N,
  pkOk,
  serviceAccept,
  uint32,
} from "./bytes.ts";
import { remoteLines } from "./conversation.ts";
import {
  awaitNumber,
  type KexLists,
  kexinit,
  newkeys,
  type Payload,
  reply,
  type Script,
  type Step,
  send,
} from "./steps.ts";

export interface Family {
  readonly name: string;
  readonly about: string;
  readonly cipher: CipherName;
  /** Beside a cipher that is no AEAD. */
  readonly mac?: MacName;
  /** curve25519-sha256 unless given. */
  readonly kex?: KexName;
  /** Whether the server takes part in strict key exchange. OpenSSH PROTOCOL 1.10. */
  readonly isStrict: boolean;
  readonly script: Script;
  readonly flags?: readonly string[];
}

/** The server's number of the channel. */
export const serverChannel = 700;

const labelled = (label: string, step: Step): Step => ({ ...step, label });
const toChannel =
  (number: number): Payload =>
  (seen) =>
    message(number, uint32(seen.clientChannel));

/** What a server sends to end a session well. */
export const exitStatus: Payload = (seen) => channelRequest(seen.clientChannel, "exit-status", false, uint32(0));
export const eof: Payload = toChannel(N.CHANNEL_EOF);
export const close: Payload = toChannel(N.CHANNEL_CLOSE);
export const success: Payload = toChannel(N.CHANNEL_SUCCESS);
export const answers: Payload = (seen) => channelData(seen.clientChannel, remoteLines);

/** A key exchange of the server's, as steps of a session. `label`: for the edits. */
export const rekey = (label = "rekey", lists: Partial<KexLists> = {}): Script => [
  labelled(`${label}-kexinit`, kexinit(lists)),
  labelled(`${label}-client-kexinit`, awaitNumber(N.KEXINIT)),
  labelled(`${label}-client-init`, awaitNumber(N.KEX_ECDH_INIT)),
  labelled(`${label}-reply`, reply()),
  labelled(`${label}-newkeys`, newkeys()),
  labelled(`${label}-client-newkeys`, awaitNumber(N.NEWKEYS)),
];

const keyExchange: Script = [
  labelled("version", { do: "raw", bytes: "SSH-2.0-Hostile_1.0 for tests\r\n" }),
  labelled("client-version", { do: "await-version" }),
  labelled("kexinit", kexinit()),
  labelled("client-kexinit", awaitNumber(N.KEXINIT)),
  labelled("client-init", awaitNumber(N.KEX_ECDH_INIT)),
  labelled("reply", reply()),
  labelled("newkeys", newkeys()),
  labelled("client-newkeys", awaitNumber(N.NEWKEYS)),
];

const authentication: Script = [
  labelled("ext-info", send(extInfo({ "server-sig-algs": "ssh-ed25519,rsa-sha2-256" }))),
  labelled("service-request", awaitNumber(N.SERVICE_REQUEST)),
  labelled("service-accept", send(serviceAccept("ssh-userauth"))),
  labelled("query", awaitNumber(N.USERAUTH_REQUEST)),
  labelled(
    "pk-ok",
    send((seen) => pkOk(seen.userKeyAlgorithm, seen.userKeyBlob)),
  ),
  labelled("signed-request", awaitNumber(N.USERAUTH_REQUEST)),
  labelled("auth-success", send(authSuccess)),
];

/** The client asks for a variable, then for the command. */
const session: Script = [
  labelled("open", awaitNumber(N.CHANNEL_OPEN)),
  labelled(
    "confirm",
    send((seen) => confirmation(seen.clientChannel, serverChannel, 2 ** 20, 2 ** 15)),
  ),
  labelled("env-request", awaitNumber(N.CHANNEL_REQUEST)),
  labelled("env-success", send(success)),
  labelled("exec-request", awaitNumber(N.CHANNEL_REQUEST)),
  labelled("exec-success", send(success)),
  labelled("lines", { do: "await-lines" }),
  labelled("answers", send(answers)),
  labelled("client-eof", awaitNumber(N.CHANNEL_EOF)),
  labelled("exit-status", send(exitStatus)),
  labelled("eof", send(eof)),
  labelled("close", send(close)),
  labelled("end", { do: "await-end" }),
];

const whole: Script = [...keyExchange, ...authentication, ...session];
const gcm = "aes256-gcm@openssh.com";
const chacha = "chacha20-poly1305@openssh.com";

export const strict: Family = {
  name: "strict",
  about: "strict key exchange, AES-GCM",
  cipher: gcm,
  isStrict: true,
  script: whole,
};

export const lax: Family = {
  name: "lax",
  about: "no strict key exchange, AES-GCM",
  cipher: gcm,
  isStrict: false,
  script: whole,
};

export const chachaStrict: Family = {
  name: "chacha",
  about: "strict key exchange, chacha20-poly1305",
  cipher: chacha,
  isStrict: true,
  script: whole,
};

export const chachaAllowed: Family = {
  name: "chacha, allowed",
  about: "no strict key exchange, chacha20-poly1305, and the flag that allows it",
  cipher: chacha,
  isStrict: false,
  script: whole,
  flags: ["--allow-chacha-without-strict-kex"],
};

export const withRekey: Family = {
  name: "rekey",
  about: "as strict; the server exchanges keys again before it answers the host",
  cipher: gcm,
  isStrict: true,
  script: whole.flatMap((step) => (step.label === "answers" ? [...rekey(), step] : [step])),
};

const withMac = (mac: MacName, cipher: CipherName): Family => ({
  ...strict,
  name: `${cipher}, ${mac}`,
  about: `as strict, under ${cipher} with ${mac}`,
  ...{ cipher, mac },
});

/** The MAC over the packet before it is encrypted, and over what is sent. */
export const encryptAndMac: Family = withMac("hmac-sha2-256", "aes256-ctr");
export const encryptThenMac: Family = withMac("hmac-sha2-512-etm@openssh.com", "aes128-ctr");

const withKex = (kex: KexName): Family => ({ ...strict, name: kex, about: `as strict, by ${kex}`, kex });

/** On each curve, and modulo each prime. */
export const onCurves: readonly Family[] = [
  withKex("ecdh-sha2-nistp256"),
  withKex("ecdh-sha2-nistp384"),
  withKex("ecdh-sha2-nistp521"),
];
export const moduloPrimes: readonly Family[] = [
  withKex("diffie-hellman-group14-sha256"),
  withKex("diffie-hellman-group16-sha512"),
  withKex("diffie-hellman-group18-sha512"),
];

export const families: readonly Family[] = [
  ...[strict, lax, chachaStrict, chachaAllowed, withRekey],
  ...[encryptAndMac, encryptThenMac],
  ...onCurves,
  ...moduloPrimes,
];

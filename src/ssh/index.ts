/** The face of the SSH core: re-exports, nothing else. */
export {
  AgentExchange,
  type AgentIdentity,
  listIdentities,
  type SigningWay,
  signByAgent,
  signingWays,
} from "./agent.ts";
export type {
  AlgorithmTable,
  Certificate,
  Ed25519,
  GcmPrimitive,
  HostKeyAlgorithm,
  HostKeyVerifier,
  KexMethod,
  KexStart,
  KeyedCipher,
  Negotiated,
  PacketCipher,
  Primitives,
  RandomBytes,
  Signer,
  X25519,
} from "./algorithms/interfaces.ts";
export { noble } from "./algorithms/noble.ts";
export { type Offer, OfferError, offering } from "./algorithms/offer.ts";
export {
  type CertificateFault,
  certifiedSigner,
  hostCertificateFault,
  parseCertificate,
} from "./certificate.ts";
export type { ChannelNews, ChannelRequest, Opening } from "./channel.ts";
export { type ClientEvent, type ClientOptions, SshClient } from "./client.ts";
export { connect } from "./connect.ts";
export type {
  Breach,
  ByteDuplex,
  ByteSink,
  ByteSource,
  ConnectOptions,
  DirectBytes,
  ExitStatus,
  HostKey,
  Limits,
  Notice,
  Progress,
  SessionChannel,
  SessionRequest,
  SshConnection,
  TakeChunk,
} from "./connection.ts";
export {
  AgentError,
  type AgentFault,
  AuthError,
  ChannelError,
  DISCONNECT_REASON,
  DisconnectError,
  HostKeyError,
  type HostKeyFault,
  KeyFormatError,
  NegotiationError,
  OPEN_FAILURE_REASON,
  PassphraseError,
  ProtocolError,
  SshError,
  TimeoutError,
} from "./errors.ts";
export {
  checkHostCertificate,
  checkHostKey,
  fingerprint,
  type KnownHosts,
  type KnownHostsEntry,
  knownHostsLine,
  orderHostKeyAlgorithms,
  parseKnownHosts,
  type Verdict,
} from "./known-hosts.ts";
export { printable, printableLines } from "./printable.ts";
export { encodePrivateKey, type PrivateKey, parsePrivateKey } from "./private-key.ts";
export { type PublicKey, parsePublicKey } from "./public-key.ts";
export { tableOf } from "./rows.ts";
export { signerOf } from "./signers.ts";
export { table } from "./table.ts";

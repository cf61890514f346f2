/**
 * Messages: every SSH message that we send or read, as data. Key order is wire order, the type words are the RFCs';
 * lay the RFC's table beside it. Numbers: RFC 4250 §4.1.2.
 */

/** RFC 4253 §11.1 */
export const DISCONNECT = {
  number: 1,
  name: "SSH_MSG_DISCONNECT",
  fields: { reasonCode: "uint32", description: "text", languageTag: "text" },
} as const;

/** RFC 4253 §11.2 */
export const IGNORE = { number: 2, name: "SSH_MSG_IGNORE", fields: { data: "string" } } as const;

/** RFC 4253 §11.4 */
export const UNIMPLEMENTED = {
  number: 3,
  name: "SSH_MSG_UNIMPLEMENTED",
  fields: { packetSequenceNumber: "uint32" },
} as const;

/** RFC 4253 §11.3 */
export const DEBUG = {
  number: 4,
  name: "SSH_MSG_DEBUG",
  fields: { alwaysDisplay: "boolean", message: "text", languageTag: "text" },
} as const;

/** RFC 4253 §10 */
export const SERVICE_REQUEST = {
  number: 5,
  name: "SSH_MSG_SERVICE_REQUEST",
  fields: { serviceName: "text" },
} as const;

/** RFC 4253 §10 */
export const SERVICE_ACCEPT = {
  number: 6,
  name: "SSH_MSG_SERVICE_ACCEPT",
  fields: { serviceName: "text" },
} as const;

/** RFC 8308 §2.3. `extensions`: `extensionCount` times EXTENSION. */
export const EXT_INFO = {
  number: 7,
  name: "SSH_MSG_EXT_INFO",
  fields: { extensionCount: "uint32", extensions: "rest" },
} as const;

/** One extension of EXT_INFO and what follows it. RFC 8308 §2.3. */
export const EXTENSION = { extensionName: "text", extensionValue: "string", rest: "rest" } as const;

/** RFC 4253 §7.1 */
export const KEXINIT = {
  number: 20,
  name: "SSH_MSG_KEXINIT",
  fields: {
    cookie: "cookie",
    kexAlgorithms: "name-list",
    serverHostKeyAlgorithms: "name-list",
    encryptionAlgorithmsClientToServer: "name-list",
    encryptionAlgorithmsServerToClient: "name-list",
    macAlgorithmsClientToServer: "name-list",
    macAlgorithmsServerToClient: "name-list",
    compressionAlgorithmsClientToServer: "name-list",
    compressionAlgorithmsServerToClient: "name-list",
    languagesClientToServer: "name-list",
    languagesServerToClient: "name-list",
    firstKexPacketFollows: "boolean",
    reserved: "uint32",
  },
} as const;

/** RFC 4253 §7.3 */
export const NEWKEYS = { number: 21, name: "SSH_MSG_NEWKEYS", fields: {} } as const;

/**
 * RFC 5656 §4, RFC 8731 §3: `clientShare` is Q_C. SSH_MSG_KEXDH_INIT of RFC 4253 §8 has the same number and, since an mpint
 * is written as a string, the same shape: its `clientShare` is what stands in the mpint e.
 */
export const KEX_ECDH_INIT = {
  number: 30,
  name: "SSH_MSG_KEX_ECDH_INIT",
  fields: { clientShare: "string" },
} as const;

/** RFC 5656 §4, RFC 8731 §3: `hostKeyBlob` is K_S, `serverShare` Q_S. In RFC 4253 §8, SSH_MSG_KEXDH_REPLY, it is f. */
export const KEX_ECDH_REPLY = {
  number: 31,
  name: "SSH_MSG_KEX_ECDH_REPLY",
  fields: { hostKeyBlob: "string", serverShare: "string", signature: "string" },
} as const;

/** RFC 4252 §5. `methodFields`: what the method adds, as in PUBLICKEY_QUERY. */
export const USERAUTH_REQUEST = {
  number: 50,
  name: "SSH_MSG_USERAUTH_REQUEST",
  fields: { userName: "text", serviceName: "text", methodName: "text", methodFields: "rest" },
} as const;

/** What method `publickey` adds to USERAUTH_REQUEST without a signature; with one, `isSigned` is TRUE and it follows. RFC 4252 §7. */
export const PUBLICKEY_QUERY = { isSigned: "boolean", algorithm: "text", publicKeyBlob: "string" } as const;

/** RFC 4252 §7 */
export const PUBLICKEY_SIGNED = {
  isSigned: "boolean",
  algorithm: "text",
  publicKeyBlob: "string",
  signature: "string",
} as const;

/** RFC 4252 §5.1 */
export const USERAUTH_FAILURE = {
  number: 51,
  name: "SSH_MSG_USERAUTH_FAILURE",
  fields: { authenticationsThatCanContinue: "name-list", partialSuccess: "boolean" },
} as const;

/** RFC 4252 §5.1 */
export const USERAUTH_SUCCESS = { number: 52, name: "SSH_MSG_USERAUTH_SUCCESS", fields: {} } as const;

/** RFC 4252 §5.4 */
export const USERAUTH_BANNER = {
  number: 53,
  name: "SSH_MSG_USERAUTH_BANNER",
  fields: { message: "text", languageTag: "text" },
} as const;

/** RFC 4252 §7. Number 60 means this only while a publickey query waits for its answer. */
export const USERAUTH_PK_OK = {
  number: 60,
  name: "SSH_MSG_USERAUTH_PK_OK",
  fields: { algorithm: "text", publicKeyBlob: "string" },
} as const;

/** RFC 4254 §4 */
export const GLOBAL_REQUEST = {
  number: 80,
  name: "SSH_MSG_GLOBAL_REQUEST",
  fields: { requestName: "text", wantReply: "boolean", requestData: "rest" },
} as const;

/** RFC 4254 §4 */
export const REQUEST_SUCCESS = {
  number: 81,
  name: "SSH_MSG_REQUEST_SUCCESS",
  fields: { responseData: "rest" },
} as const;

/** RFC 4254 §4 */
export const REQUEST_FAILURE = { number: 82, name: "SSH_MSG_REQUEST_FAILURE", fields: {} } as const;

/** RFC 4254 §5.1 */
export const CHANNEL_OPEN = {
  number: 90,
  name: "SSH_MSG_CHANNEL_OPEN",
  fields: {
    channelType: "text",
    senderChannel: "uint32",
    initialWindowSize: "uint32",
    maximumPacketSize: "uint32",
    typeFields: "rest",
  },
} as const;

/** What channel type `direct-tcpip` adds to CHANNEL_OPEN. RFC 4254 §7.2. */
export const DIRECT_TCPIP = {
  hostToConnect: "text",
  portToConnect: "uint32",
  originatorAddress: "text",
  originatorPort: "uint32",
} as const;

/** RFC 4254 §5.1 */
export const CHANNEL_OPEN_CONFIRMATION = {
  number: 91,
  name: "SSH_MSG_CHANNEL_OPEN_CONFIRMATION",
  fields: {
    recipientChannel: "uint32",
    senderChannel: "uint32",
    initialWindowSize: "uint32",
    maximumPacketSize: "uint32",
    typeFields: "rest",
  },
} as const;

/** RFC 4254 §5.1 */
export const CHANNEL_OPEN_FAILURE = {
  number: 92,
  name: "SSH_MSG_CHANNEL_OPEN_FAILURE",
  fields: { recipientChannel: "uint32", reasonCode: "uint32", description: "text", languageTag: "text" },
} as const;

/** RFC 4254 §5.2 */
export const CHANNEL_WINDOW_ADJUST = {
  number: 93,
  name: "SSH_MSG_CHANNEL_WINDOW_ADJUST",
  fields: { recipientChannel: "uint32", bytesToAdd: "uint32" },
} as const;

/** RFC 4254 §5.2 */
export const CHANNEL_DATA = {
  number: 94,
  name: "SSH_MSG_CHANNEL_DATA",
  fields: { recipientChannel: "uint32", data: "string" },
} as const;

/** RFC 4254 §5.2. Type 1 is stderr. */
export const CHANNEL_EXTENDED_DATA = {
  number: 95,
  name: "SSH_MSG_CHANNEL_EXTENDED_DATA",
  fields: { recipientChannel: "uint32", dataTypeCode: "uint32", data: "string" },
} as const;

/** RFC 4254 §5.3 */
export const CHANNEL_EOF = {
  number: 96,
  name: "SSH_MSG_CHANNEL_EOF",
  fields: { recipientChannel: "uint32" },
} as const;

/** RFC 4254 §5.3 */
export const CHANNEL_CLOSE = {
  number: 97,
  name: "SSH_MSG_CHANNEL_CLOSE",
  fields: { recipientChannel: "uint32" },
} as const;

/** RFC 4254 §5.4. `requestFields`: what the request type adds, as in ENV_REQUEST. */
export const CHANNEL_REQUEST = {
  number: 98,
  name: "SSH_MSG_CHANNEL_REQUEST",
  fields: { recipientChannel: "uint32", requestType: "text", wantReply: "boolean", requestFields: "rest" },
} as const;

/** RFC 4254 §6.4 */
export const ENV_REQUEST = { variableName: "text", variableValue: "text" } as const;

/** RFC 4254 §6.5 */
export const EXEC_REQUEST = { command: "text" } as const;

/** RFC 4254 §6.5 */
export const SUBSYSTEM_REQUEST = { subsystemName: "text" } as const;

/** RFC 4254 §6.9 */
export const SIGNAL_REQUEST = { signalName: "text" } as const;

/** RFC 4254 §6.10 */
export const EXIT_STATUS_REQUEST = { exitStatus: "uint32" } as const;

/** RFC 4254 §6.10 */
export const EXIT_SIGNAL_REQUEST = {
  signalName: "text",
  coreDumped: "boolean",
  errorMessage: "text",
  languageTag: "text",
} as const;

/** RFC 4254 §5.4 */
export const CHANNEL_SUCCESS = {
  number: 99,
  name: "SSH_MSG_CHANNEL_SUCCESS",
  fields: { recipientChannel: "uint32" },
} as const;

/** RFC 4254 §5.4 */
export const CHANNEL_FAILURE = {
  number: 100,
  name: "SSH_MSG_CHANNEL_FAILURE",
  fields: { recipientChannel: "uint32" },
} as const;

/** OpenSSH PROTOCOL 1.9 (ping@openssh.com), within the local range of RFC 4250 §4.1.1. */
export const PING = { number: 192, name: "SSH2_MSG_PING", fields: { data: "string" } } as const;

/** OpenSSH PROTOCOL 1.9 */
export const PONG = { number: 193, name: "SSH2_MSG_PONG", fields: { data: "string" } } as const;

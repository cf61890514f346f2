/** The face of src/mcp: JSON lines, the line-exact proxy, the SDK's transport. */
export { EnvelopeScanner, type Verdict } from "./envelope.ts";
export type { Envelope } from "./envelope-draft.ts";
export { JsonLines, type JsonLinesOptions, type Line, type Piece } from "./json-lines.ts";
export { DEFAULT_LIMITS, type ProxyLimits } from "./limits.ts";
export type { OpenRemote, RemoteSession } from "./link.ts";
export type { MessageId } from "./message-id.ts";
export { REMOTE_UNAVAILABLE, SOURCE } from "./messages.ts";
export { type ProxyOptions, runProxy } from "./proxy.ts";
export type { ProxyLog } from "./proxy-log.ts";
export type { ReferenceServerMode } from "./reference-server.ts";
export type { ShowLine } from "./remote-text.ts";
export { SshClientTransport, type SshClientTransportOptions } from "./ssh-client-transport.ts";

/**
 * The official SDKs' clients behind one face, so that one table of checks serves both: v1's `Client` and v2's, which
 * differ in the shape of a few calls only. Every server's request is answered here and kept; so is every notification.
 */
import { Client as ClientV2 } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import type { Transport as TransportV1 } from "@modelcontextprotocol/sdk/shared/transport.js";

/** What both SDKs take as a transport: v2 takes it structurally. */
export type McpTransport = TransportV1;

/** A JSON-RPC request or notification that the server sent. */
export interface Message {
  readonly method: string;
  readonly params?: Record<string, unknown>;
}

/** A tool's answer, as far as the checks look into it. */
export interface ToolResult {
  readonly content: readonly ContentBlock[];
  readonly structuredContent?: Record<string, unknown>;
  readonly isError?: boolean;
}

export interface ContentBlock {
  readonly type: string;
  readonly text?: string;
  readonly data?: string;
  readonly mimeType?: string;
  readonly uri?: string;
  readonly resource?: ResourceContents;
  readonly annotations?: { readonly priority?: number; readonly audience?: readonly string[] };
}

export interface ResourceContents {
  readonly uri: string;
  readonly mimeType?: string;
  readonly text?: string;
  readonly blob?: string;
}

export interface CallOptions {
  readonly onprogress?: (progress: { readonly progress: number }) => void;
  readonly signal?: AbortSignal;
  readonly timeout?: number;
}

interface Named {
  readonly name: string;
  readonly uri?: string;
  readonly uriTemplate?: string;
  readonly description?: string;
}

type CompletionRef = { type: "ref/prompt"; name: string } | { type: "ref/resource"; uri: string };

/** The calls that both SDKs spell alike. */
interface SdkClient {
  getServerVersion(): { name: string; version: string } | undefined;
  getServerCapabilities(): Record<string, unknown> | undefined;
  getInstructions(): string | undefined;
  ping(): Promise<unknown>;
  listTools(): Promise<{ tools: readonly Named[] }>;
  listPrompts(): Promise<{ prompts: readonly Named[] }>;
  getPrompt(params: {
    name: string;
    arguments?: Record<string, string>;
  }): Promise<{ messages: readonly { role: string; content: ContentBlock }[] }>;
  listResources(): Promise<{ resources: readonly Named[] }>;
  listResourceTemplates(): Promise<{ resourceTemplates: readonly Named[] }>;
  readResource(params: { uri: string }): Promise<{ contents: readonly ResourceContents[] }>;
  complete(params: {
    ref: CompletionRef;
    argument: { name: string; value: string };
    context?: { arguments: Record<string, string> };
  }): Promise<{ completion: { values: readonly string[] } }>;
  setLoggingLevel(level: "debug" | "info" | "error" | "emergency"): Promise<unknown>;
  subscribeResource(params: { uri: string }): Promise<unknown>;
  unsubscribeResource(params: { uri: string }): Promise<unknown>;
  sendRootsListChanged(): Promise<void>;
  close(): Promise<void>;
}

/** A connected client. */
export interface McpClient extends SdkClient {
  tool(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<ToolResult>;
  /** What the SDK reported through `onerror`. */
  readonly errors: readonly Error[];
  /** The server's requests that were answered, in order. */
  readonly requests: readonly Message[];
  readonly notifications: readonly Message[];
  /** How to answer the server's requests, by method: a test may replace one. */
  readonly answers: Record<string, (params: Record<string, unknown>) => Record<string, unknown>>;
  /** Resolves to the first notification for which `matches` holds, those that came already included. */
  heard(matches: (message: Message) => boolean): Promise<Message>;
}

export const ROOTS = [{ uri: "file:///srv/project-%C3%BC", name: "Projekt Ü" }];

const CLIENT_INFO = { name: "mcp-ssh-client-tests", version: "1.0.0" };
const CAPABILITIES = { sampling: {}, elicitation: { form: {}, url: {} }, roots: { listChanged: true } };

/** Connects the v1 SDK's client. */
export async function connectV1(transport: McpTransport): Promise<McpClient> {
  const client = new ClientV1(CLIENT_INFO, { capabilities: CAPABILITIES });
  const wrapped = wrap(client as unknown as FallbackClient, (params, options) =>
    client.callTool(params, undefined, options),
  );
  await client.connect(transport);
  return wrapped;
}

/** Connects the v2 SDK's client in auto mode: over its own stdio transport that starts the command twice. */
export function connectV2(transport: McpTransport): Promise<McpClient> {
  return connectV2In("auto", transport);
}

/** Connects the v2 SDK's client as it comes, without a probe for protocol 2026-07-28. */
export function connectV2Legacy(transport: McpTransport): Promise<McpClient> {
  return connectV2In("legacy", transport);
}

async function connectV2In(mode: "auto" | "legacy", transport: McpTransport): Promise<McpClient> {
  const client = new ClientV2(CLIENT_INFO, { capabilities: CAPABILITIES, versionNegotiation: { mode } });
  const wrapped = wrap(client as unknown as FallbackClient, (params, options) => client.callTool(params, options));
  await client.connect(transport as Parameters<ClientV2["connect"]>[0]);
  return wrapped;
}

type CallTool = (
  params: { name: string; arguments: Record<string, unknown> },
  options: CallOptions,
) => Promise<unknown>;

interface FallbackClient extends SdkClient {
  onerror?: (error: Error) => void;
  fallbackRequestHandler?: (request: Message) => Promise<Record<string, unknown>>;
  fallbackNotificationHandler?: (notification: Message) => Promise<void>;
}

function wrap(client: FallbackClient, callTool: CallTool): McpClient {
  const errors: Error[] = [];
  const requests: Message[] = [];
  const notifications: Message[] = [];
  const waiting = new Set<() => void>();
  const answers: McpClient["answers"] = {
    "roots/list": () => ({ roots: ROOTS }),
    "sampling/createMessage": () => ({
      role: "assistant",
      model: "test-model",
      content: { type: "text", text: "sampled: Grüße 👋" },
      stopReason: "endTurn",
    }),
    "elicitation/create": () => ({ action: "accept", content: { name: "Ada", integer: 7 } }),
  };
  client.onerror = (error) => void errors.push(error);
  client.fallbackRequestHandler = async (request) => {
    requests.push(request);
    const answer = answers[request.method];
    if (answer === undefined) throw new Error(`no answer to ${request.method}`);
    return answer(request.params ?? {});
  };
  client.fallbackNotificationHandler = async (notification) => {
    notifications.push(notification);
    for (const check of waiting) check();
  };
  return Object.assign(client, {
    errors,
    requests,
    notifications,
    answers,
    tool: async (name: string, args: Record<string, unknown> = {}, options: CallOptions = {}) =>
      (await callTool({ name, arguments: args }, options)) as ToolResult,
    heard: (matches: (message: Message) => boolean) =>
      new Promise<Message>((resolve) => {
        const check = () => {
          const found = notifications.find(matches);
          if (found === undefined) return;
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        check();
      }),
  });
}

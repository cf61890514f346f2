/**
 * Reference habits: what is known of m2m-mcp-server-ssh-server 0.1.0 and the mcp 1.7 beneath it, as facts. A request that
 * it cannot validate mutes the session for ever, with SSH still healthy: so what it takes is told here, before it is sent.
 */
import { endOfString } from "./batch.ts";

/** Whether an answer to `initialize`, one message, is as it makes them: whatever was asked, and no member more. */
export function isReferenceAnswer(answer: Uint8Array): boolean {
  const result = memberOf(JSON.parse(new TextDecoder().decode(answer)), "result");
  const info = memberOf(result, "serverInfo");
  const capabilities = memberOf(result, "capabilities");
  return (
    hasOnly(result, ["protocolVersion", "capabilities", "serverInfo"]) &&
    memberOf(result, "protocolVersion") === "2024-11-05" &&
    hasOnly(info, ["name", "version"]) &&
    hasOnly(capabilities, ["experimental", "logging", "prompts", "resources", "tools"]) &&
    isObject(memberOf(capabilities, "experimental")) &&
    ["prompts", "resources", "tools"].every((name) => isUnchanging(memberOf(capabilities, name)))
  );
}

/** It declares `listChanged` and `subscribe`, and always as false. */
function isUnchanging(capability: unknown): boolean {
  return (
    capability === undefined || (isObject(capability) && Object.values(capability).every((value) => value === false))
  );
}

/** The list that must have been asked for, by the method that fails without it. */
export const listNeeded: Readonly<Record<string, string>> = {
  "tools/call": "tools/list",
  "prompts/get": "prompts/list",
  "resources/read": "resources/list",
  "resources/subscribe": "resources/list",
  "resources/unsubscribe": "resources/list",
};

type Members = Readonly<Record<string, unknown>>;

/** What is wrong with parameters, in words that stand behind the method. */
type Check = (params: Members) => string | undefined;

const fine: Check = () => undefined;
const hasUri: Check = ({ uri }) => (typeof uri === "string" && URL.canParse(uri) ? undefined : "without a valid uri");

/** Its 13 methods. JSON's null counts as absent everywhere. */
const methods: Readonly<Record<string, Check>> = {
  ping: fine,
  initialize: ({ protocolVersion, capabilities, clientInfo }) => {
    if (typeof protocolVersion !== "string") return "without a protocolVersion";
    if (!isClientCapabilities(capabilities)) return "without capabilities that it understands";
    return hasTexts(clientInfo, ["name", "version"]) ? undefined : "without a clientInfo with name and version";
  },
  "completion/complete": ({ ref, argument }) => {
    if (!isReference(ref)) return "without a ref";
    return hasTexts(argument, ["name", "value"]) ? undefined : "without an argument with name and value";
  },
  "logging/setLevel": ({ level }) => (levels.has(level) ? undefined : "without a level that it knows"),
  "prompts/get": ({ name, arguments: given }) => {
    if (typeof name !== "string") return "without a name";
    if (given === undefined || given === null) return undefined;
    const isTexts =
      isObject(given) && Object.values(given).every((value) => value === null || typeof value === "string");
    return isTexts ? undefined : "with arguments that are not texts by names";
  },
  "prompts/list": fine,
  "resources/list": fine,
  "resources/read": hasUri,
  "resources/subscribe": hasUri,
  "resources/templates/list": fine,
  "resources/unsubscribe": hasUri,
  "tools/call": ({ name, arguments: given }) => {
    if (typeof name !== "string") return "without a name";
    return isObject(given ?? {}) ? undefined : "with arguments that are no object";
  },
  "tools/list": fine,
};

const levels: ReadonlySet<unknown> = new Set([
  ...["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"],
]);

/** Whether it knows a method, be it to say that its own servers do not have it. */
export function isReferenceMethod(method: string | undefined): method is string {
  return method !== undefined && Object.hasOwn(methods, method);
}

/** What of a request it could not validate, in words that stand behind "request"; undefined where it takes it. */
export function requestFault(line: Uint8Array): string | undefined {
  if (nesting(line) > DEEPEST) return `nested deeper than ${DEEPEST}`;
  const text = new TextDecoder().decode(line);
  const request: unknown = JSON.parse(text);
  if (text.includes("\\u") && hasLoneSurrogate(request)) return "with half a surrogate pair in it";
  const { id, method, params } = request as Members;
  if (typeof id === "number" && !Number.isInteger(id)) return "with an id that is no integer";
  if (!isObject(params ?? {})) return "with params that are no object";
  const token = memberOf(memberOf(params, "_meta"), "progressToken") ?? "";
  if (!isObject(memberOf(params, "_meta") ?? {})) return "with a _meta that is no object";
  if (typeof token !== "string" && !Number.isInteger(token)) return "with a progressToken that is no text or integer";
  return methods[String(method)]?.((params ?? {}) as Members);
}

/** Brackets within brackets that its parser takes; one more, and it drops the line. */
const DEEPEST = 201;

const QUOTE = 0x22;

function nesting(line: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < line.length; at++) {
    const byte = line[at];
    if (byte === QUOTE) at = endOfString(line, at);
    else if (byte === 0x5b || byte === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return deepest;
}

/** `JSON.stringify` writes such halves, and nothing else, as escapes of that range. */
function hasLoneSurrogate(value: unknown): boolean {
  return /(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(JSON.stringify(value));
}

function isClientCapabilities(value: unknown): boolean {
  if (!isObject(value)) return false;
  const experimental = memberOf(value, "experimental") ?? {};
  const listChanged = memberOf(memberOf(value, "roots"), "listChanged") ?? false;
  return (
    isObject(experimental) &&
    Object.values(experimental).every((one) => isObject(one ?? {})) &&
    isObject(memberOf(value, "sampling") ?? {}) &&
    isObject(memberOf(value, "roots") ?? {}) &&
    typeof listChanged === "boolean"
  );
}

function isReference(value: unknown): boolean {
  const type = memberOf(value, "type");
  return type === "ref/prompt" ? hasTexts(value, ["name"]) : type === "ref/resource" && hasTexts(value, ["uri"]);
}

function hasTexts(value: unknown, names: readonly string[]): boolean {
  return names.every((name) => typeof memberOf(value, name) === "string");
}

function hasOnly(value: unknown, names: readonly string[]): boolean {
  return isObject(value) && Object.keys(value).every((name) => names.includes(name));
}

function memberOf(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

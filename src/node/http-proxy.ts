/**
 * HTTP proxy: which proxy the environment names for an address, read as curl, Python and Go read it: `https_proxy`,
 * `http_proxy` and `all_proxy`, in capitals too, where small letters win; `no_proxy` for what goes direct. Pure.
 */
import { BlockList, isIP } from "node:net";

/** A proxy that HTTP goes through. */
export interface HttpProxy {
  /** How it is spoken to itself. */
  readonly isTls: boolean;
  readonly host: string;
  readonly port: number;
  /** The value of Proxy-Authorization: a secret. */
  readonly authorization: string | undefined;
}

/** A variable of the environment that names no proxy we can use. Its value may hold a password and is not repeated. */
export class ProxySettingError extends Error {
  override readonly name = "ProxySettingError";
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy for this address; undefined where it goes direct. @throws ProxySettingError */
export function proxyFor(
  scheme: "http" | "https",
  host: string,
  port: number,
  env: Environment,
): HttpProxy | undefined {
  const name = [`${scheme}_proxy`, "all_proxy"].find((candidate) => setting(candidate, env) !== "");
  if (name === undefined || isDirect(host, port, setting("no_proxy", env))) return undefined;
  return parseProxy(name.toUpperCase(), setting(name, env));
}

/** Of a name in small letters, then in capitals; an empty one is none, and hides the other. */
function setting(name: string, env: Environment): string {
  return (env[name] ?? env[name.toUpperCase()] ?? "").trim();
}

function parseProxy(name: string, value: string): HttpProxy {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === "") {
    throw new ProxySettingError(`${name} is not the address of a proxy, as in http://proxy.example:3128`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new ProxySettingError(
      `${name} names a proxy of another kind (${url.protocol}//); only http:// and https:// can be used`,
    );
  }
  const isTls = url.protocol === "https:";
  const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
  return { isTls, host: url.hostname.replace(/^\[|\]$/g, ""), port, authorization: authorizationOf(name, url) };
}

function authorizationOf(name: string, { username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(credentials).toString("base64")}`;
  } catch {
    throw new ProxySettingError(`the user or password in ${name} is not percent-encoded as it must be`);
  }
}

/** The machine itself is never asked for through a proxy, whose `localhost` is another. */
function isDirect(host: string, port: number, noProxy: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  if (name === "localhost" || name.endsWith(".localhost") || isWithin(name, "127.0.0.0/8") || isWithin(name, "::1")) {
    return true;
  }
  return noProxy.split(/[\s,]+/).some((entry) => entry !== "" && isExempt(name, port, entry.toLowerCase()));
}

/** One entry of NO_PROXY: `*`, a name with all below it, `.name` for those below alone, an address, a network; all but networks may end in a port. */
function isExempt(name: string, port: number, entry: string): boolean {
  if (entry === "*") return true;
  if (isIP(entry) > 0 || entry.includes("/")) return isWithin(name, entry);
  const [, bracketed, plain = "", only] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
  if (only !== undefined && Number(only) !== port) return false;
  const what = bracketed ?? plain;
  if (isIP(what) > 0) return isWithin(name, what);
  const below = what.replace(/^\*?\./, "").replace(/\.$/, "");
  if (below === "") return false;
  return name.endsWith(`.${below}`) || (name === below && !/^\*?\./.test(what));
}

/** Whether an address is this one, or in this network. */
function isWithin(name: string, network: string): boolean {
  const [address = "", bits] = network.split("/");
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  const own = isIP(name.replace(/%.*$/, ""));
  if (own === 0 || isIP(address) === 0) return false;
  const longest = family === "ipv6" ? 128 : 32;
  const length = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : longest + 1;
  if (length > longest) return false;
  const list = new BlockList();
  list.addSubnet(address, length, family);
  return list.check(name.replace(/%.*$/, ""), own === 6 ? "ipv6" : "ipv4");
}

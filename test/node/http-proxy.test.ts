import { describe, expect, it } from "vitest";
import { type Environment, ProxySettingError, proxyFor } from "../../src/node/http-proxy.ts";

const proxy = { isTls: false, host: "proxy.example", port: 3128, authorization: undefined };

describe("the variables", () => {
  const cases: [name: string, env: Environment, http: string | undefined, https: string | undefined][] = [
    ["none", {}, undefined, undefined],
    ["one for each scheme", { HTTP_PROXY: "http://a:1", HTTPS_PROXY: "http://b:2" }, "a:1", "b:2"],
    ["in small letters", { http_proxy: "http://a:1", https_proxy: "http://b:2" }, "a:1", "b:2"],
    ["small letters win", { http_proxy: "http://a:1", HTTP_PROXY: "http://b:2" }, "a:1", undefined],
    [
      "an empty one in small letters hides the other",
      { http_proxy: "", HTTP_PROXY: "http://b:2" },
      undefined,
      undefined,
    ],
    ["one for all", { ALL_PROXY: "http://a:1" }, "a:1", "a:1"],
    ["the scheme's own comes first", { all_proxy: "http://a:1", https_proxy: "http://b:2" }, "a:1", "b:2"],
    ["one for http is none for https", { HTTP_PROXY: "http://a:1" }, "a:1", undefined],
    ["no scheme", { HTTP_PROXY: "a:1" }, "a:1", undefined],
    ["no port", { HTTP_PROXY: "http://a", HTTPS_PROXY: "https://b/" }, "a:80", "b:443"],
    ["an IPv6 address", { HTTP_PROXY: "http://[::1]:3128" }, "::1:3128", undefined],
  ];
  it.each(cases)("%s", (_, env, http, https) => {
    const shown = (scheme: "http" | "https"): string | undefined => {
      const found = proxyFor(scheme, "h.example", 8000, env);
      return found && `${found.host}:${found.port}`;
    };
    expect([shown("http"), shown("https")]).toEqual([http, https]);
  });

  it("may hold credentials, percent-encoded", () => {
    const env = { HTTPS_PROXY: "http://us%40er:p%3Ass%C3%BC@proxy.example:3128" };
    const authorization = `Basic ${Buffer.from("us@er:p:ssü").toString("base64")}`;
    expect(proxyFor("https", "h.example", 443, env)).toEqual({ ...proxy, authorization });
    expect(proxyFor("http", "h.example", 80, { HTTP_PROXY: "http://u@p" })?.authorization).toBe(
      `Basic ${Buffer.from("u:").toString("base64")}`,
    );
  });

  it("may name a proxy that itself speaks TLS", () => {
    expect(proxyFor("http", "h.example", 80, { HTTP_PROXY: "https://proxy.example:3128" })).toEqual({
      ...proxy,
      isTls: true,
    });
  });

  it.each([
    [
      "socks5://s3cret@p:1",
      "HTTP_PROXY names a proxy of another kind (socks5://); only http:// and https:// can be used",
    ],
    ["http://", "HTTP_PROXY is not the address of a proxy, as in http://proxy.example:3128"],
    ["http://p:99999/s3cret", "HTTP_PROXY is not the address of a proxy, as in http://proxy.example:3128"],
    ["http://s3cret%zz:x@p", "the user or password in HTTP_PROXY is not percent-encoded as it must be"],
  ])("%s is refused, and not repeated", (value, message) => {
    expect(() => proxyFor("http", "h.example", 80, { HTTP_PROXY: value })).toThrow(new ProxySettingError(message));
  });
});

describe("what goes direct", () => {
  const env = (no: string): Environment => ({ HTTP_PROXY: "http://proxy.example:3128", NO_PROXY: no });
  const cases: [no: string, host: string, port: number, isDirect: boolean][] = [
    ["", "h.example", 80, false],
    ["*", "h.example", 80, true],
    ["h.example", "h.example", 80, true],
    ["h.example", "H.Example", 80, true],
    ["H.EXAMPLE", "h.example", 80, true],
    ["h.example", "h.example.", 80, true],
    ["h.example", "sub.h.example", 80, true],
    ["h.example", "nh.example", 80, false],
    ["h.example", "h.example.org", 80, false],
    [".h.example", "sub.h.example", 80, true],
    [".h.example", "h.example", 80, false],
    ["*.h.example", "sub.h.example", 80, true],
    ["*.h.example", "h.example", 80, false],
    ["a.example, h.example", "h.example", 80, true],
    ["a.example h.example", "h.example", 80, true],
    ["h.example:8000", "h.example", 8000, true],
    ["h.example:8000", "h.example", 443, false],
    ["192.0.2.7", "192.0.2.7", 80, true],
    ["192.0.2.7", "192.0.2.70", 80, false],
    ["192.0.2.7:8000", "192.0.2.7", 8000, true],
    ["192.0.2.7:8000", "192.0.2.7", 8001, false],
    ["192.0.2.0/24", "192.0.2.70", 80, true],
    ["192.0.2.0/24", "192.0.3.70", 80, false],
    ["192.0.2.0/99", "192.0.2.70", 80, false],
    ["192.0.2.0/x", "192.0.2.70", 80, false],
    ["2001:db8::/32", "2001:db8::7", 80, true],
    ["2001:db8::7", "2001:0db8:0:0::7", 80, true],
    ["2001:db8::7", "2001:db8::8", 80, false],
    ["[2001:db8::7]:8000", "2001:db8::7", 8000, true],
    ["[2001:db8::7]:8000", "2001:db8::7", 80, false],
    ["fe80::/10", "fe80::1%eth0", 80, true],
    ["2001:db8::/32", "192.0.2.7", 80, false],
    [".", "h.example", 80, false],
    [",,", "h.example", 80, false],
    // the machine itself, whatever the variables say
    ["", "localhost", 8000, true],
    ["", "LOCALHOST", 8000, true],
    ["", "a.localhost", 8000, true],
    ["", "127.0.0.1", 8000, true],
    ["", "127.9.9.9", 8000, true],
    ["", "::1", 8000, true],
    ["", "notlocalhost", 8000, false],
    ["", "128.0.0.1", 8000, false],
  ];
  it.each(cases)("NO_PROXY=%s, %s port %i: %s", (no, host, port, isDirect) => {
    expect(proxyFor("http", host, port, env(no))).toEqual(isDirect ? undefined : proxy);
  });
});

/** ssh's configuration against `ssh -G`, and against nothing: any text; flags, key servers' answers, proxies' addresses. */
import { createServer, type Server } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { givenFlags } from "../../src/cli/argv.ts";
import { parseFlags } from "../../src/cli/settings.ts";
import { UsageError } from "../../src/cli/values.ts";
import { ConfigError } from "../../src/node/config-lines.ts";
import { ExpansionError } from "../../src/node/config-tokens.ts";
import { FileError } from "../../src/node/files.ts";
import { ask, type HttpAnswer, HttpError } from "../../src/node/http.ts";
import { ProxySettingError, proxyFor } from "../../src/node/http-proxy.ts";
import { AnswerError, assertRegistered, hostKeyIn } from "../../src/node/key-server-answer.ts";
import { describeNeeding } from "../support/needs.ts";
import { ConfigFolder, missingSsh, ourAnswer, sshAnswer } from "../support/ssh-config.ts";
import { cuts, mutated, mutatedText, mutations, pieces } from "./mutations.ts";
import { expectPrintable, property, refusable } from "./property.ts";

const folder = new ConfigFolder();
afterAll(() => folder.remove());

const patterns = fc.constantFrom("*", "x", "y", "?", "!x", "x,y", "*.example", "h*", '"x"');
const word = fc.constantFrom(
  "a",
  "b c",
  "22",
  "0",
  "yes",
  "none",
  "%h",
  "%%",
  "~/k",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what a configuration says
  "${SSH_CONFIG_TEST}",
  "-",
  "a=b",
  "é",
  "x#y",
  "1m",
);
/** A word, quoted in one of the ways that there are. */
const quoted = fc.record({ word, how: fc.constantFrom("", '"', "'", "\\") }).map(({ word: text, how }) => {
  if (how === '"' || how === "'") return `${how}${text}${how}`;
  return how === "\\" ? text.replaceAll(" ", "\\ ") : text.replaceAll(" ", "_");
});
const keyword = fc.constantFrom(
  ...["HostName", "Port", "User", "IdentityFile", "IdentitiesOnly", "HostKeyAlias", "ConnectTimeout", "AddressFamily"],
  ...["ServerAliveInterval", "ServerAliveCountMax", "SendEnv", "SetEnv", "StrictHostKeyChecking", "BindAddress"],
  ...["UserKnownHostsFile", "CertificateFile"],
);
const separator = fc.constantFrom(" ", "\t", "=", " = ", "  ");
const line = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(keyword, separator, quoted)
      .filter(([name, , value]) => name !== "User" || !/[%$]/.test(value)) // Debian 12's ssh knows no tokens there yet
      .filter(([name, , value]) => name !== "HostKeyAlias" || !/^["'\\]?[0-9]+["']?$/.test(value)) // an address to us: refused
      .map((parts) => parts.join("")),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom("Host ", "Match host ", "Match originalhost "), patterns)
      .map((parts) => parts.join("")),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("Match all", "Match final", "# note", "", "Host * !x", "User a # who", "  Port 23\t"),
  },
);
const text = fc
  .record({ lines: fc.array(line, { maxLength: 7 }), end: fc.constantFrom("\n", "\r\n") })
  .map(({ lines, end }) => lines.map((each) => each + end).join(""));
const typed = fc.record({ host: fc.constantFrom("x", "y", "h.example", "127.0.0.1") });

/** Our answer, undefined where we refuse the file as ssh does. */
function ours(content: string, given: { readonly host: string }): readonly string[] | undefined {
  const path = folder.write("config", content);
  return refusable(() => ourAnswer(path, content, given), ConfigError, FileError, ExpansionError)?.lines;
}

describeNeeding(missingSsh(), "ssh's configuration, as ssh reads it", () => {
  property(
    "comes to what ssh -G says of it, or both refuse it",
    fc.record({ text, typed }),
    ({ text: content, typed: given }) => {
      const theirs = sshAnswer(folder.write("config", content), given);
      // 0 is no bound for ssh: it waits as long as the system does, and we by our own bound
      expect(ours(content, given)).toEqual(
        theirs?.map((each) => each.replace(/^connecttimeout 0$/, "connecttimeout none")),
      );
    },
    60,
  );
});

describe("ssh's configuration", () => {
  property(
    "of any text is refused by an error of ours, or says what may be shown",
    fc.record({ text, noise: fc.string({ unit: "binary", maxLength: 60 }), changes: mutations, typed }),
    ({ text: content, noise, changes, typed: given }) => {
      for (const each of [mutatedText(content, changes), `${content}${noise}`, noise]) {
        const path = "/nowhere/config";
        const answer = refusable(() => ourAnswer(path, each, given), ConfigError, FileError, ExpansionError);
        for (const warning of answer?.warnings ?? []) expectPrintable(warning.text);
      }
    },
    400,
  );
});

describe("flags", () => {
  const names = [
    "host",
    "port",
    "username",
    "client-key",
    "command",
    "subsystem",
    "env",
    "proxy-jump",
    "host-key",
    "help",
  ];
  const argument = fc.oneof(
    fc.constantFrom(
      ...names.map((name) => `--${name}`),
      "--ho",
      "--key",
      "-h",
      "--",
      "-",
      "--use-key-server",
      "--no-such",
    ),
    fc
      .tuple(fc.constantFrom(...names), fc.oneof(word, fc.string({ unit: "binary" })))
      .map(([name, value]) => `--${name}=${value}`),
    word,
    fc.string({ unit: "binary", maxLength: 20 }),
  );
  property(
    "are refused by a UsageError, or settings with a host, a port and times that may be",
    fc.array(argument, { maxLength: 7 }),
    (argv) => {
      const settings = refusable(() => parseFlags(argv, () => "me"), UsageError);
      if (settings === undefined || typeof settings === "string" || "lists" in settings) return;
      expect(settings.host).toMatch(/^[\w.:%+-]+$/);
      expect(settings.port).toBeGreaterThan(0);
      expect(settings.port).toBeLessThan(65_536);
      for (const warning of settings.warnings) expectPrintable(warning);
      refusable(() => givenFlags(argv), UsageError);
    },
    1500,
  );
});

describe("a key server's answer", () => {
  const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPuNuDGbQvaNWOBRhDJo+w4GTaogZQIaqZkvgDORwhYo";
  const json = fc.oneof(
    fc.constantFrom(`{"server_pub_key":"${key}"}`, '{"status":"success"}', '{"error":"no\\u001b[2J"}'),
    fc.json(),
    fc.json().map((value) => `{"server_pub_key":${value},"__proto__":{"status":"success"}}`),
  );
  const answer: fc.Arbitrary<HttpAnswer> = fc.record({
    status: fc.oneof({ weight: 4, arbitrary: fc.constant(200) }, { weight: 1, arbitrary: fc.nat(999) }),
    contentType: fc.option(
      fc.oneof({ weight: 3, arbitrary: fc.constant("application/json") }, fc.string({ unit: "binary" })),
      { nil: undefined },
    ),
    location: fc.option(fc.string({ unit: "binary" }), { nil: undefined }),
    retryAfter: fc.option(fc.string({ unit: "binary" }), { nil: undefined }),
    body: fc.oneof(
      json.map((content) => new TextEncoder().encode(content)),
      fc
        .record({ json, changes: mutations })
        .map(({ json: content, changes }) => mutated(new TextEncoder().encode(content), changes)),
    ),
  });

  property(
    "gives a key of one line, or an AnswerError that may be shown",
    answer,
    (given) => {
      const found = refusable(() => hostKeyIn(given), AnswerError);
      if (found !== undefined) {
        expect(given.status).toBe(200);
        expectPrintable(`${found.keyType} ${found.fingerprint}`);
      }
      refusable(() => assertRegistered(given), AnswerError);
    },
    800,
  );
});

describe("HTTP", () => {
  let server: Server;
  let said: readonly Uint8Array[] = [];
  beforeAll(async () => {
    server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => {
        for (const piece of said) socket.write(piece);
        socket.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const head = fc.constantFrom(
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.0 404 x\r\n",
    "HTTP/1.1 302 Found\r\nLocation: /\u0080\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
  );
  const fields = fc.constantFrom(
    "Content-Length: 2\r\n",
    "Content-Length: 99999999999\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Content-Encoding: gzip\r\n",
    "",
  );
  property(
    "of any bytes is an answer within its bound, or an HttpError that may be shown",
    fc.record({
      head,
      fields,
      body: fc.constantFrom("{}", "2\r\n{}\r\n0\r\n\r\n", "x".repeat(70_000)),
      changes: mutations,
      isChanged: fc.boolean(),
      lengths: cuts,
    }),
    async ({ head: first, fields: second, body, changes, isChanged, lengths }) => {
      const whole = new TextEncoder().encode(`${first}${second}\r\n${body}`);
      said = pieces(isChanged ? mutated(whole, changes) : whole, lengths.length === 0 ? [] : [400, ...lengths]);
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("no port");
      try {
        const answer = await ask(
          { scheme: "http", host: "127.0.0.1", port: address.port, path: "/" },
          { timeout: 30_000 },
        );
        expect(answer.body.length).toBeLessThanOrEqual(64 * 1024);
      } catch (error) {
        if (!(error instanceof HttpError)) throw error;
        expectPrintable(error.message);
        expect(error.message).not.toContain("timed out");
      }
    },
    60,
  );

  property(
    "proxies that the environment names are refused by a ProxySettingError, or have a host and a port",
    fc.record({
      value: fc.oneof(
        fc.webUrl(),
        fc.string({ unit: "binary" }),
        fc.constantFrom("http://u:p%@h", "h:3128", "http://[::1]:1"),
      ),
      none: fc.oneof(fc.string(), fc.constantFrom("*", "10.0.0.0/8", "::/129", ".example", "h:8000", "1.2.3.4/99")),
    }),
    ({ value, none }) => {
      const found = refusable(
        () => proxyFor("http", "h.example", 8000, { http_proxy: value, no_proxy: none }),
        ProxySettingError,
      );
      if (found !== undefined)
        expect([found.host !== "", found.port >= 0 && found.port < 65_536]).toEqual([true, true]);
    },
    400,
  );
});

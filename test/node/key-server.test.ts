import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { KeyServer, type KeyServerNotice, type KeyServerOptions } from "../../src/node/key-server.ts";
import { KeyServerError } from "../../src/node/key-server-error.ts";
import {
  type Certificate,
  type HttpServer,
  makeCertificate,
  missingOpenssl,
  type Reply,
  startHttp,
  startProxy,
  startTcp,
} from "../support/http-servers.ts";
import { describeNeeding } from "../support/needs.ts";
import { freePort } from "../support/ssh-server.ts";

/** By ssh-keygen of OpenSSH 9.2p1; a throw-away key. */
const line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPuNuDGbQvaNWOBRhDJo+w4GTaogZQIaqZkvgDORwhYo";
const blob = new Uint8Array(Buffer.from(line.split(" ")[1] ?? "", "base64"));
const given = { json: { server_pub_key: `${line} root@server` } };
const success = { json: { status: "success" } };

const servers: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function run<S extends HttpServer>(server: Promise<S>): Promise<S> {
  servers.push(await server);
  return server;
}

interface Asked {
  readonly keyServer: KeyServer;
  readonly notices: readonly KeyServerNotice[];
}

async function keyServer(options: Partial<KeyServerOptions>): Promise<Asked> {
  const notices: KeyServerNotice[] = [];
  const onNotice = (notice: KeyServerNotice): void => {
    if (notice.type !== "asking") notices.push(notice);
  };
  const defaults = {
    host: "127.0.0.1",
    port: await freePort(),
    httpsPort: await freePort(),
    isHttpsOnly: false,
    env: {},
  };
  return { keyServer: new KeyServer({ ...defaults, onNotice, ...options }), notices };
}

async function failureOf(promise: Promise<unknown>): Promise<KeyServerError> {
  const error = await promise.then(
    () => "no error",
    (reason: unknown) => reason,
  );
  if (error instanceof KeyServerError) return error;
  throw new Error(`not a KeyServerError: ${String(error)}`);
}

describe("over plain HTTP, where nobody answers at 443", () => {
  it("the host key is given, proved by nothing", async () => {
    const http = await run(startHttp(given));
    const { keyServer: asked, notices } = await keyServer({ port: http.port });
    expect(await asked.fetchHostKey()).toEqual({
      keyType: "ssh-ed25519",
      blob,
      fingerprint: "SHA256:vvcLEewg+36nR4dJ3du/oRv9oBB9laWOVtHwDznnC+k",
      url: `http://127.0.0.1:${http.port}/server_pub_key`,
      isProved: false,
    });
    expect(http.asked).toEqual(["GET /server_pub_key"]);
    expect(notices).toEqual([
      {
        type: "no-https",
        text: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+\/server_pub_key: Connection refused$/),
      },
    ]);
  });

  it("our key is registered, without a comment", async () => {
    const http = await run(
      startHttp((request) => (request.headers["content-type"] === "application/json" ? success : { status: 415 })),
    );
    const { keyServer: asked } = await keyServer({ port: http.port });
    await asked.register(blob);
    expect(http.asked).toEqual([`POST /register {"client_pub_key":"${line}"}`]);
  });

  it("localhost, of which only one address answers", async () => {
    const http = await run(startHttp(given));
    const { keyServer: asked } = await keyServer({ host: "localhost", port: http.port });
    expect(await asked.fetchHostKey()).toMatchObject({ url: `http://localhost:${http.port}/server_pub_key` });
  });

  it("443 is asked once only", async () => {
    let connections = 0;
    const counted = await run(
      startTcp((socket) => {
        connections += 1;
        socket.destroy();
      }),
    );
    const http = await run(startHttp((request) => (request.method === "GET" ? given : success)));
    const { keyServer: asked, notices } = await keyServer({ port: http.port, httpsPort: counted.port });
    await asked.fetchHostKey();
    await asked.register(blob);
    expect(connections).toBe(1);
    expect(notices).toHaveLength(1);
    expect(http.asked).toHaveLength(2);
  });

  const refused: [name: string, reply: Reply, message: string, cure: string][] = [
    [
      "a page",
      { headers: { "content-type": "text/html" }, body: "<html>" },
      "answered with text/html where JSON should be: something else listens there",
      "check that PORT is the key server's port (--key-server-port)",
    ],
    [
      "an answer without an end",
      {
        byHand: (response) => {
          response.writeHead(200, { "content-type": "application/json" });
          const more = (error?: Error | null): void => {
            if (!error && !response.destroyed) response.write("x".repeat(16 * 1024), more);
          };
          more();
        },
      },
      "its answer is longer than 65536 bytes",
      "check that PORT is the key server's port (--key-server-port)",
    ],
    [
      "an answer that is cut short",
      {
        byHand: (response) => {
          response.writeHead(200, { "content-type": "application/json", "content-length": "900" });
          response.write('{"server_pub_key":', () => response.destroy());
        },
      },
      "its answer was cut short",
      "check that PORT is the key server's port (--key-server-port)",
    ],
    [
      "a redirect",
      { status: 307, headers: { location: "http://127.0.0.1:1/elsewhere" } },
      "answered 307, a redirect to http://127.0.0.1:1/elsewhere, which is not followed",
      "check that PORT is the key server's port (--key-server-port)",
    ],
    [
      "400",
      { status: 400, json: { error: "Failed to register key" } },
      "answered 400 (it refuses what we sent): Failed to register key",
      "the server's log says why",
    ],
    [
      "429",
      { status: 429, json: { error: "Rate limit exceeded. Try again later." } },
      "answered 429, too many requests",
      "wait a minute, then start again: it takes few requests a minute from one address, whatever they ask",
    ],
  ];
  it.each(refused)("%s: said with its cure, and not asked again", async (name, reply, message, cure) => {
    const http = await run(startHttp(reply));
    const { keyServer: asked } = await keyServer({ port: http.port });
    const error = await failureOf(asked.fetchHostKey());
    expect(error.message).toMatch(
      /^The key server gave no host key: https:\/\/127\.0\.0\.1:\d+\/server_pub_key: Connection refused; http:/,
    );
    expect(error.message).toContain(`/server_pub_key${message.startsWith("its") ? ":" : ""} ${message}`);
    expect(error.cure).toBe(cure.replace("PORT", String(http.port)));
    expect(error.isRateLimited).toBe(name === "429");
    expect(http.asked).toHaveLength(1);
    const again = await failureOf(asked.register(blob));
    expect(again.message).toMatch(/^The key server did not take our key: /);
  });

  it("what does not speak HTTP is said to be that", async () => {
    const ssh = await run(startTcp((socket) => socket.end("SSH-2.0-x\r\n".repeat(3))));
    const { keyServer: asked } = await keyServer({ port: ssh.port });
    expect((await failureOf(asked.fetchHostKey())).message).toMatch(/\/server_pub_key: what it answered is not HTTP$/);
  });

  it("nobody at either address: both are named, and what to check", async () => {
    const port = await freePort();
    const { keyServer: asked } = await keyServer({ port });
    const error = await failureOf(asked.fetchHostKey());
    expect(error.message.match(/Connection refused/g)).toHaveLength(2);
    expect(error.cure).toBe(
      `check that the server was started with --run-key-server, and with a --key-server-host that can be reached from here, and that ${port} is its port (--key-server-port)`,
    );
  });

  it("an abort ends it with its reason, whatever it waits for", async () => {
    const abort = new AbortController();
    const reason = new Error("stopped");
    const silent = await run(startTcp(() => abort.abort(reason)));
    for (const options of [{ port: silent.port }, { httpsPort: silent.port }]) {
      const { keyServer: asked } = await keyServer({ ...options, signal: abort.signal });
      await expect(asked.fetchHostKey()).rejects.toBe(reason);
    }
  });
});

describeNeeding(missingOpenssl(), "over https", () => {
  let folder = "";
  let certificate: Certificate;
  let other: Certificate;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "key-server-"));
    certificate = makeCertificate(folder, "own", "IP:127.0.0.1,DNS:h.example");
    other = makeCertificate(folder, "other", "DNS:other.example");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("the host key is given and proved, and plain HTTP is not asked", async () => {
    const https = await run(startHttp((request) => (request.method === "GET" ? given : success), { certificate }));
    const http = await run(startHttp(given));
    const { keyServer: asked, notices } = await keyServer({
      port: http.port,
      httpsPort: https.port,
      ca: certificate.cert,
    });
    expect(await asked.fetchHostKey()).toMatchObject({
      blob,
      url: `https://127.0.0.1:${https.port}/server_pub_key`,
      isProved: true,
    });
    await asked.register(blob);
    expect(https.asked).toEqual(["GET /server_pub_key", `POST /register {"client_pub_key":"${line}"}`]);
    expect(http.asked).toEqual([]);
    expect(notices).toEqual([]);
  });

  const impostors: [
    name: string,
    options: () => Partial<KeyServerOptions> & { certificate: Certificate },
    why: string,
  ][] = [
    ["that no authority signed", () => ({ certificate }), "its certificate proves nothing: self-signed certificate"],
    [
      "for another name",
      () => ({ certificate: other, ca: other.cert }),
      "its certificate proves nothing: Hostname/IP does not match certificate's altnames",
    ],
  ];
  it.each(impostors)(
    "a certificate %s: nothing is asked there; plain HTTP is, and that is told",
    async (_, options, why) => {
      const { certificate: shown, ...rest } = options();
      const https = await run(startHttp(given, { certificate: shown }));
      const http = await run(startHttp(given));
      const { keyServer: asked, notices } = await keyServer({ port: http.port, httpsPort: https.port, ...rest });
      expect(await asked.fetchHostKey()).toMatchObject({ isProved: false });
      expect(https.asked).toEqual([]);
      expect(notices).toEqual([{ type: "certificate", text: expect.stringContaining(why) }]);
    },
  );

  it("NODE_TLS_REJECT_UNAUTHORIZED=0 changes nothing", async () => {
    const https = await run(startHttp(given, { certificate }));
    const { keyServer: asked } = await keyServer({ httpsPort: https.port, isHttpsOnly: true });
    const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      expect((await failureOf(asked.fetchHostKey())).message).toContain("its certificate proves nothing");
    } finally {
      if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
      else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before;
    }
    expect(https.asked).toEqual([]);
  });

  it.each([
    [
      "a website",
      { headers: { "content-type": "text/html" }, body: "<html>" },
      "answered with text/html where JSON should be",
    ],
    ["404", { status: 404 }, "answered 404 (it has no such page)"],
    ["429", { status: 429 }, "answered 429, too many requests"],
  ])("%s at 443: plain HTTP is asked", async (_, reply, why) => {
    const https = await run(startHttp(reply, { certificate }));
    const http = await run(startHttp(given));
    const { keyServer: asked, notices } = await keyServer({
      port: http.port,
      httpsPort: https.port,
      ca: certificate.cert,
    });
    expect(await asked.fetchHostKey()).toMatchObject({ isProved: false });
    expect(notices).toEqual([{ type: "no-https", text: expect.stringContaining(why) }]);
  });

  it("443 that speaks no TLS: plain HTTP is asked", async () => {
    const plain = await run(startTcp((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")));
    const http = await run(startHttp(given));
    const { keyServer: asked, notices } = await keyServer({ port: http.port, httpsPort: plain.port });
    await asked.fetchHostKey();
    expect(notices[0]?.text).toContain("what it answered is not TLS as we speak it");
  });

  describe("only", () => {
    it.each([
      ["nobody answers", () => freePort(), "Connection refused"],
      [
        "its certificate is bad",
        async () => (await run(startHttp(given, { certificate }))).port,
        "its certificate proves nothing",
      ],
      ["it answers 404", async () => (await run(startHttp({ status: 404 }, { certificate }))).port, "answered 404"],
    ])("%s: plain HTTP is never asked", async (name, port, why) => {
      const http = await run(startHttp(given));
      const ca = name.startsWith("its certificate") ? {} : { ca: certificate.cert };
      const { keyServer: asked } = await keyServer({
        port: http.port,
        httpsPort: await port(),
        isHttpsOnly: true,
        ...ca,
      });
      for (const promise of [asked.fetchHostKey(), asked.register(blob)]) {
        const error = await failureOf(promise);
        expect(error.message).toContain(why);
        expect(error.cure).toMatch(
          /^--key-server-https needs a key server at port 443 of 127\.0\.0\.1 whose certificate/,
        );
      }
      expect(http.asked).toEqual([]);
    });
  });

  describe("and a proxy", () => {
    const authorization = `(Basic ${Buffer.from("us:s3cret").toString("base64")})`;
    const envFor = (port: number): Record<string, string> => ({
      HTTP_PROXY: `http://us:s3cret@127.0.0.1:${port}`,
      https_proxy: `http://us:s3cret@127.0.0.1:${port}`,
    });

    it("goes through a tunnel, in which the certificate is the host's", async () => {
      const https = await run(startHttp(given, { certificate }));
      const proxy = await run(startProxy(https.port));
      const { keyServer: asked } = await keyServer({
        host: "h.example",
        httpsPort: 443,
        ca: certificate.cert,
        env: envFor(proxy.port),
      });
      expect(await asked.fetchHostKey()).toMatchObject({ isProved: true, url: "https://h.example/server_pub_key" });
      expect(proxy.asked).toEqual([`CONNECT h.example:443 ${authorization} for h.example:443`]);
      expect(https.asked).toEqual(["GET /server_pub_key"]);
    });

    it("a proxy that puts its own certificate there is an impostor", async () => {
      const https = await run(startHttp(given, { certificate: other }));
      const proxy = await run(startProxy(https.port));
      const { keyServer: asked } = await keyServer({
        host: "h.example",
        isHttpsOnly: true,
        ca: other.cert,
        env: envFor(proxy.port),
      });
      expect((await failureOf(asked.fetchHostKey())).message).toContain("its certificate proves nothing");
      expect(https.asked).toEqual([]);
    });

    it("plain HTTP is asked for by its whole address", async () => {
      const http = await run(startHttp(given));
      const proxy = await run(startProxy(http.port));
      const { keyServer: asked } = await keyServer({
        host: "2001:db8::7",
        port: 8000,
        env: { http_proxy: `127.0.0.1:${proxy.port}`, https_proxy: `127.0.0.1:${await freePort()}` },
      });
      expect(await asked.fetchHostKey()).toMatchObject({
        isProved: false,
        url: "http://[2001:db8::7]:8000/server_pub_key",
      });
      expect(proxy.asked).toEqual(["GET http://[2001:db8::7]:8000/server_pub_key for [2001:db8::7]:8000"]);
      expect(http.asked).toEqual(["GET /server_pub_key"]);
    });

    it.each([
      [
        407,
        "answered CONNECT with 407: it wants a user and password (in the variable's URL)",
        "answered 407 (the proxy wants a user and password (in the variable's URL))",
      ],
      [502, "answered CONNECT with 502", "answered 502 (what stands before it cannot reach it)"],
    ])("its refusal is told: %i, without the password", async (status, ofTunnel, ofPlain) => {
      const proxy = await run(startProxy(1, { status }));
      const { keyServer: asked } = await keyServer({ host: "h.example", port: 8000, env: envFor(proxy.port) });
      const { message } = await failureOf(asked.fetchHostKey());
      expect(message).toContain(`: the proxy http://127.0.0.1:${proxy.port} ${ofTunnel}; `);
      expect(message).toContain(`http://h.example:8000/server_pub_key ${ofPlain}`);
      expect(message).not.toMatch(/s3cret|Basic/);
    });

    it("that speaks TLS itself: its certificate is verified too", async () => {
      const https = await run(startHttp(given, { certificate }));
      const http = await run(startHttp(given));
      for (const [behind, url] of [
        [https, "https://h.example/server_pub_key"],
        [http, "http://h.example:8000/server_pub_key"],
      ] as const) {
        const proxy = await run(startProxy(behind.port, { certificate }));
        const own = `https://127.0.0.1:${proxy.port}`;
        const env = { http_proxy: own, https_proxy: behind === https ? own : `127.0.0.1:${await freePort()}` };
        const place = { host: "h.example", port: 8000, httpsPort: 443, env };
        const { keyServer: asked } = await keyServer({ ...place, ca: certificate.cert });
        expect(await asked.fetchHostKey()).toMatchObject({ url });
        const { keyServer: untrusting } = await keyServer(place);
        const { message } = await failureOf(untrusting.fetchHostKey());
        expect(message).toContain(`the proxy ${own}: its certificate proves nothing`);
        expect(proxy.asked).toHaveLength(1);
      }
    });

    it("nobody there: the proxy is named as what cannot be reached", async () => {
      const port = await freePort();
      const { keyServer: asked } = await keyServer({ host: "h.example", env: envFor(port) });
      const { message } = await failureOf(asked.fetchHostKey());
      expect(
        message.match(new RegExp(`the proxy http://127\\.0\\.0\\.1:${port}: Connection refused`, "g")),
      ).toHaveLength(2);
      expect(message).not.toContain("s3cret");
    });

    it("a variable that names no proxy is an error, not a way around it", async () => {
      const http = await run(startHttp(given));
      const { keyServer: asked } = await keyServer({
        host: "192.0.2.1",
        port: http.port,
        env: { ALL_PROXY: "socks5://s3cret@h:1" },
      });
      const { message } = await failureOf(asked.fetchHostKey());
      expect(message).toContain("ALL_PROXY names a proxy of another kind (socks5://)");
      expect(message).not.toContain("s3cret");
    });
  });
});

import { createHash, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { AuthError, ProtocolError } from "../../src/ssh/errors.ts";
import * as m from "../../src/ssh/messages.ts";
import { type AuthStep, type Candidate, serverSigAlgs, UserAuth } from "../../src/ssh/userauth.ts";
import { encode, utf8 } from "../../src/ssh/wire.ts";
import { join, PeerKey, seededBytes, sshString } from "../support/peer-crypto.ts";
import { thrownBy } from "../support/refusals.ts";
import { vectors } from "../support/vectors.ts";

const keys = [new PeerKey("first"), new PeerKey("second")] as const;
const [first, second] = keys;
const sessionId = seededBytes("session")(32);

const success = encode(m.USERAUTH_SUCCESS, {});
const banner = encode(m.USERAUTH_BANNER, { message: "Welcome\r\n", languageTag: "" });

function pkOk(key: PeerKey, algorithm = "ssh-ed25519"): Uint8Array {
  return encode(m.USERAUTH_PK_OK, { algorithm, publicKeyBlob: key.publicKeyBlob });
}

function failure(authenticationsThatCanContinue: readonly string[], partialSuccess = false): Uint8Array {
  return encode(m.USERAUTH_FAILURE, { authenticationsThatCanContinue, partialSuccess });
}

/** USERAUTH_REQUEST as RFC 4252 §5 and §7 write it, without our codec. */
function request(method: string, ...methodFields: readonly Uint8Array[]): Uint8Array {
  const head = [sshString("mcp"), sshString("ssh-connection"), sshString(method)];
  return join(Uint8Array.of(50), ...head, ...methodFields);
}

const isFalse = Uint8Array.of(0);
const isTrue = Uint8Array.of(1);

function query(key: PeerKey): Uint8Array {
  return request("publickey", isFalse, sshString("ssh-ed25519"), sshString(key.publicKeyBlob));
}

/** Every state, and how a machine with these keys comes there. */
const states: Readonly<Record<string, (keys: readonly PeerKey[]) => UserAuth>> = {
  idle: (keys) => new UserAuth("mcp", keys),
  "none-sent": () => started([]),
  "query-sent": started,
  signing: (keys) => told(started(keys), pkOk(first)),
  "signature-sent": (keys) => {
    const auth = told(started(keys), pkOk(first));
    auth.signed(first.sign(auth.dataToSign(sessionId)));
    return auth;
  },
  done: (keys) => told(started(keys), success),
};

function started(keys: readonly PeerKey[]): UserAuth {
  const auth = new UserAuth("mcp", keys);
  auth.start();
  return auth;
}

function told(auth: UserAuth, ...payloads: readonly Uint8Array[]): UserAuth {
  for (const payload of payloads) auth.receive(payload);
  return auth;
}

function at(state: string, keys: readonly PeerKey[] = [first]): UserAuth {
  return (states[state] as (keys: readonly PeerKey[]) => UserAuth)(keys);
}

/** What a message does, in words: a step, or the error's class and section. */
function outcome(act: () => AuthStep): string {
  try {
    const step = act();
    return step.step === "success" ? `success ${step.withProof ? "with" : "without"} proof` : step.step;
  } catch (error) {
    if (error instanceof ProtocolError) return `ProtocolError ${error.section}`;
    if (error instanceof AuthError) return `AuthError${error.partialSuccess ? " partial" : ""}`;
    throw error;
  }
}

const authError = (act: () => unknown): AuthError => thrownBy(AuthError, act);

describe("every state and every message, RFC 4252", () => {
  const messages = {
    banner,
    PK_OK: pkOk(first),
    FAILURE: failure(["publickey"]),
    "partial success": failure(["publickey"], true),
    SUCCESS: success,
  };
  const never = { PK_OK: "ProtocolError RFC 4252 §7", "partial success": "ProtocolError RFC 4252 §5.1" };
  const unasked = { ...never, FAILURE: "ProtocolError RFC 4252 §5.1", SUCCESS: "ProtocolError RFC 4252 §5.1" };
  const expected: Readonly<Record<string, Readonly<Record<keyof typeof messages, string>>>> = {
    idle: { banner: "banner", ...unasked },
    "none-sent": { banner: "banner", ...never, FAILURE: "AuthError", SUCCESS: "success without proof" },
    "query-sent": { banner: "banner", ...never, PK_OK: "sign", FAILURE: "AuthError", SUCCESS: "success without proof" },
    signing: { banner: "banner", ...unasked },
    "signature-sent": {
      banner: "banner",
      PK_OK: "ProtocolError RFC 4252 §7",
      FAILURE: "AuthError",
      "partial success": "AuthError partial",
      SUCCESS: "success with proof",
    },
    done: { banner: "ProtocolError RFC 4252 §5.4", ...unasked },
  };
  const cases = Object.entries(expected).flatMap(([state, row]) =>
    Object.entries(row).map(([message, result]) => ({ state, message: message as keyof typeof messages, result })),
  );

  test.each(cases)("$state, $message: $result", ({ state, message, result }) => {
    expect(outcome(() => at(state).receive(messages[message]))).toBe(result);
  });

  test.each<{ state: string; message: keyof typeof messages }>([
    { state: "query-sent", message: "FAILURE" },
    { state: "signature-sent", message: "FAILURE" },
    { state: "signature-sent", message: "partial success" },
  ])("$state, $message, with another key left: the next query", ({ state, message }) => {
    expect(at(state, keys).receive(messages[message])).toEqual({ step: "send", payload: query(second) });
  });

  test.each(["query-sent", "signature-sent"])("%s, FAILURE that does not name publickey ends it at once", (state) => {
    expect(outcome(() => at(state, keys).receive(failure(["password"])))).toBe("AuthError");
  });

  test.each<{ about: string; payload: Uint8Array }>([
    { about: "PK_OK that is cut short", payload: pkOk(first).subarray(0, 40) },
    { about: "PK_OK with bytes behind it", payload: join(pkOk(first), isFalse) },
    { about: "FAILURE that is cut short", payload: failure(["publickey"]).subarray(0, -1) },
    { about: "SUCCESS with bytes behind it", payload: join(success, isFalse) },
    { about: "a banner that is cut short", payload: banner.subarray(0, 10) },
  ])("$about is malformed", ({ payload }) => {
    expect(outcome(() => at("query-sent").receive(payload))).toBe("ProtocolError RFC 4251 §5");
  });
});

describe("the query and the signature, RFC 4252 §7", () => {
  test("the first request asks about the first key and signs nothing", () => {
    expect(new UserAuth("mcp", keys).start()).toEqual(query(first));
  });

  test("without keys the first request is `none`, RFC 4252 §5.2", () => {
    expect(new UserAuth("mcp", []).start()).toEqual(request("none"));
  });

  test("a user's name goes as UTF-8, RFC 4252 §5", () => {
    const payload = new UserAuth("jürgen", []).start();
    expect(payload.subarray(1, 12)).toEqual(sshString("jürgen"));
  });

  test.each<{ about: string; payload: Uint8Array }>([
    { about: "another key", payload: pkOk(second) },
    { about: "another algorithm", payload: pkOk(first, "rsa-sha2-512") },
    {
      about: "the key and a byte more",
      payload: encode(m.USERAUTH_PK_OK, {
        algorithm: "ssh-ed25519",
        publicKeyBlob: join(first.publicKeyBlob, isFalse),
      }),
    },
    {
      about: "no key",
      payload: encode(m.USERAUTH_PK_OK, { algorithm: "ssh-ed25519", publicKeyBlob: new Uint8Array(0) }),
    },
  ])("PK_OK for $about is never answered with a signature", ({ payload }) => {
    expect(outcome(() => at("query-sent", keys).receive(payload))).toBe("ProtocolError RFC 4252 §7");
  });

  test("the second key is the one to sign with once the first was refused", () => {
    const auth = told(started(keys), failure(["publickey"]));
    expect(outcome(() => told(started(keys), failure(["publickey"])).receive(pkOk(first)))).toMatch(/^ProtocolError/);
    expect(auth.receive(pkOk(second))).toEqual({ step: "sign", asked: { key: 1, algorithm: "ssh-ed25519" } });
  });

  test("what is signed is the session id and the request, and the request carries the signature", () => {
    const auth = told(started(keys), pkOk(first));
    const signedRequest = request("publickey", isTrue, sshString("ssh-ed25519"), sshString(first.publicKeyBlob));
    const data = auth.dataToSign(sessionId);
    expect(data).toEqual(join(sshString(sessionId), signedRequest));
    const payload = auth.signed(first.sign(data));
    expect(payload.subarray(0, signedRequest.length)).toEqual(signedRequest);
    const signature = payload.subarray(signedRequest.length);
    expect(signature.subarray(0, 23)).toEqual(
      join(Uint8Array.of(0, 0, 0, 83), sshString("ssh-ed25519"), Uint8Array.of(0, 0, 0, 64)).subarray(0, 23),
    );
    expect(verify(null, data, first.publicKey, signature.subarray(-64))).toBe(true);
  });

  test.each(["idle", "none-sent", "query-sent", "signature-sent", "done"])(
    "in state %s no signature is taken, and none declined",
    (state) => {
      expect(() => at(state).signed(new Uint8Array(83))).toThrow(TypeError);
      expect(() => at(state, keys).declined()).toThrow(TypeError);
    },
  );

  test("where a key cannot sign the next one is asked about, and signs", () => {
    const auth = at("signing", keys);
    expect(auth.declined()).toEqual(query(second));
    expect(outcome(() => auth.receive(pkOk(first)))).toBe("ProtocolError RFC 4252 §7");
    expect(auth.receive(pkOk(second))).toEqual({ step: "sign", asked: { key: 1, algorithm: "ssh-ed25519" } });
    expect(auth.declined()).toBeUndefined();
    expect(auth.signed(second.sign(auth.dataToSign(sessionId)))).toBeInstanceOf(Uint8Array);
  });

  test("the failure says of a key that it could not sign", () => {
    const auth = at("signing", keys);
    auth.declined();
    const { tried } = authError(() => auth.receive(failure(["publickey"])));
    expect(tried).toHaveLength(2);
    expect(tried[0]).toMatch(/^publickey ssh-ed25519 SHA256:\S+ \(it could not sign\)$/);
    expect(tried[1]).toMatch(/^publickey ssh-ed25519 SHA256:\S+$/);
  });
});

const certificates = vectors<{ name: string; certificate: string; expect: { keyBlob: string } }>("certificates.json");

describe("a key of several algorithms, RFC 8308 §3.1, RFC 8332 §3", () => {
  const rsa = { algorithms: ["rsa-sha2-512", "rsa-sha2-256"] as const, publicKeyBlob: utf8("an RSA key") };
  const rsaCertificate = {
    algorithms: ["rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-256-cert-v01@openssh.com"] as const,
    publicKeyBlob: utf8("a certificate"),
  };
  const skCertificate = {
    algorithms: ["sk-ssh-ed25519-cert-v01@openssh.com"] as const,
    publicKeyBlob: utf8("a certificate of a security key"),
  };
  const asks = (candidate: Candidate, algorithm: string): AuthStep => ({
    step: "send",
    payload: request("publickey", isFalse, sshString(algorithm), sshString(candidate.publicKeyBlob)),
  });
  const sigAlgs = (names: string) => new Map([["server-sig-algs", utf8(names)]]);
  /** What follows a FAILURE for the first key, with `candidate` as the second one. */
  const secondQuery = (candidate: Candidate, extensions?: ReadonlyMap<string, Uint8Array>): AuthStep => {
    const auth = new UserAuth("mcp", [first, candidate]);
    auth.start();
    return auth.receive(failure(["publickey"]), extensions);
  };
  function startedWith(...candidates: readonly Candidate[]): UserAuth {
    const auth = new UserAuth("mcp", candidates);
    auth.start();
    return auth;
  }

  test("before EXT_INFO came it is tried under the first", () => {
    expect({ step: "send", payload: new UserAuth("mcp", [rsa]).start() }).toEqual(asks(rsa, "rsa-sha2-512"));
  });

  test.each<{ about: string; candidate: Candidate; list: string | undefined; expected: string }>([
    { about: "no list", candidate: rsa, list: undefined, expected: "rsa-sha2-512" },
    { about: "both", candidate: rsa, list: "rsa-sha2-256,rsa-sha2-512", expected: "rsa-sha2-512" },
    { about: "the second", candidate: rsa, list: "ssh-ed25519,rsa-sha2-256", expected: "rsa-sha2-256" },
    { about: "neither, as OpenSSH 7.4 lists them", candidate: rsa, list: "ssh-ed25519", expected: "rsa-sha2-512" },
    {
      about: "the plain name of a certificate's",
      candidate: rsaCertificate,
      list: "rsa-sha2-256",
      expected: "rsa-sha2-256-cert-v01@openssh.com",
    },
    {
      about: "a certificate's own name",
      candidate: rsaCertificate,
      list: "rsa-sha2-256-cert-v01@openssh.com",
      expected: "rsa-sha2-256-cert-v01@openssh.com",
    },
  ])("with a list of $about: $expected", ({ candidate, list, expected }) => {
    const extensions = list === undefined ? undefined : sigAlgs(list);
    expect(secondQuery(candidate, extensions)).toEqual(asks(candidate, expected));
  });

  test("asked too early under a name that the server does not take, it is asked about again", () => {
    const auth = startedWith(rsa, second);
    expect(auth.receive(failure(["publickey"]), sigAlgs("rsa-sha2-256"))).toEqual(asks(rsa, "rsa-sha2-256"));
    expect(auth.receive(failure(["publickey"]), sigAlgs("rsa-sha2-256"))).toEqual(asks(second, "ssh-ed25519"));
  });

  test.each<{ about: string; list: string | undefined }>([
    { about: "the name was fine", list: "rsa-sha2-512,rsa-sha2-256" },
    { about: "the server takes none of its names", list: "ssh-ed25519" },
    { about: "the server does not say", list: undefined },
  ])("is not asked about again where $about", ({ list }) => {
    const step = startedWith(rsa, second).receive(
      failure(["publickey"]),
      list === undefined ? undefined : sigAlgs(list),
    );
    expect(step).toEqual(asks(second, "ssh-ed25519"));
  });

  test.each<{ about: string; list: string | undefined }>([
    { about: "where the server does not say", list: undefined },
    { about: "where the server says so, as sshd 9.2 does of what it refuses", list: "rsa-sha2-512,rsa-sha2-256" },
  ])("behind the last key it is asked about under its other name, $about", ({ list }) => {
    const extensions = list === undefined ? undefined : sigAlgs(list);
    const auth = startedWith(rsa, second);
    expect(auth.receive(failure(["publickey"]), extensions)).toEqual(asks(second, "ssh-ed25519"));
    expect(auth.receive(failure(["publickey"]), extensions)).toEqual(asks(rsa, "rsa-sha2-256"));
    const error = authError(() => auth.receive(failure(["publickey"]), extensions));
    expect([error.tried.length, error.untried]).toEqual([3, 0]);
  });

  test("but not where its signature was refused", () => {
    const auth = startedWith(rsa);
    auth.receive(encode(m.USERAUTH_PK_OK, { algorithm: "rsa-sha2-512", publicKeyBlob: rsa.publicKeyBlob }));
    auth.signed(join(sshString("rsa-sha2-512"), sshString("signature")));
    expect(authError(() => auth.receive(failure(["publickey"]))).tried).toHaveLength(1);
  });

  test("is not asked about again once its signature was refused", () => {
    const auth = startedWith(rsa, second);
    auth.receive(encode(m.USERAUTH_PK_OK, { algorithm: "rsa-sha2-512", publicKeyBlob: rsa.publicKeyBlob }));
    auth.signed(join(sshString("rsa-sha2-512"), sshString("signature")));
    expect(auth.receive(failure(["publickey"]), sigAlgs("rsa-sha2-256"))).toEqual(asks(second, "ssh-ed25519"));
  });

  test("PK_OK for another of its names is never answered with a signature", () => {
    const other = encode(m.USERAUTH_PK_OK, { algorithm: "rsa-sha2-256", publicKeyBlob: rsa.publicKeyBlob });
    expect(outcome(() => startedWith(rsa).receive(other))).toBe("ProtocolError RFC 4252 §7");
  });

  test("PK_OK by the key's type is for the algorithm that was asked about, as npm ssh2 has it", () => {
    const key = { algorithms: rsa.algorithms, publicKeyBlob: sshString("ssh-rsa") };
    const answer = (algorithm: string) => encode(m.USERAUTH_PK_OK, { algorithm, publicKeyBlob: key.publicKeyBlob });
    const step = startedWith(key).receive(answer("ssh-rsa"));
    expect(step).toEqual({ step: "sign", asked: { key: 0, algorithm: "rsa-sha2-512" } });
    expect(outcome(() => startedWith(key).receive(answer("ssh-dss")))).toBe("ProtocolError RFC 4252 §7");
  });

  test.each<{ candidate: Candidate; signature: Uint8Array; says: RegExp | undefined }>([
    { candidate: rsa, signature: sshString("rsa-sha2-512"), says: undefined },
    { candidate: rsaCertificate, signature: sshString("rsa-sha2-512"), says: undefined },
    { candidate: skCertificate, signature: sshString("sk-ssh-ed25519@openssh.com"), says: undefined },
    { candidate: rsa, signature: sshString("ssh-rsa"), says: /of type ssh-rsa, asked was one of type rsa-sha2-512$/ },
    { candidate: rsa, signature: sshString("rsa-sha2-256"), says: /of type rsa-sha2-256, asked/ },
    { candidate: rsaCertificate, signature: sshString("rsa-sha2-512-cert-v01@openssh.com"), says: /asked was one/ },
    { candidate: rsa, signature: sshString("ssh\x1b-rsa"), says: /of type ssh\\x1b-rsa, asked/ },
    { candidate: rsa, signature: utf8("what"), says: /the key gave what is no signature, asked/ },
  ])("$candidate.algorithms.0: a signature of another type goes nowhere: $says", ({ candidate, signature, says }) => {
    const auth = startedWith(candidate);
    const publicKey = { algorithm: candidate.algorithms[0], publicKeyBlob: candidate.publicKeyBlob };
    auth.receive(encode(m.USERAUTH_PK_OK, publicKey));
    const sign = () => auth.signed(join(signature, new Uint8Array(8)));
    if (says === undefined) expect(sign).not.toThrow();
    else expect(authError(sign).message).toMatch(says);
  });

  test("a certificate is known by the fingerprint of the key in it, as ssh-keygen -l prints it", () => {
    const { certificate, expect: wanted } = certificates.find(({ name }) => name === "a user's ed25519 256 key")!;
    const blob = Uint8Array.from(Buffer.from(certificate, "base64"));
    const auth = startedWith({ algorithms: ["ssh-ed25519-cert-v01@openssh.com"], publicKeyBlob: blob });
    const digest = createHash("sha256").update(Buffer.from(wanted.keyBlob, "base64")).digest("base64");
    const error = authError(() => auth.receive(failure(["publickey"])));
    expect(error.tried).toEqual([`publickey ssh-ed25519-cert-v01@openssh.com SHA256:${digest.replace("=", "")}`]);
  });

  test("the failure says that none of its names is verified", () => {
    const auth = startedWith(rsa);
    const error = authError(() => auth.receive(failure(["publickey"]), sigAlgs("ssh-ed25519")));
    expect(error.message).toMatch(/it does not verify rsa-sha2-512 or rsa-sha2-256 signatures at all$/);
  });
});

describe("at most five requests for keys", () => {
  const many = Array.from({ length: 8 }, (_, i) => new PeerKey(`key ${i}`));

  /** Refuses keys until it is over. */
  function refusals(candidates: readonly Candidate[], extensions?: ReadonlyMap<string, Uint8Array>): AuthError {
    const auth = new UserAuth("mcp", candidates);
    auth.start();
    return authError(() => {
      for (let i = 0; i < 20; i++) auth.receive(failure(["publickey"]), extensions);
    });
  }

  test.each([
    { count: 4, tried: 4, untried: 0, says: /would take: publickey$/ },
    { count: 5, tried: 5, untried: 0, says: /would take: publickey$/ },
    { count: 6, tried: 5, untried: 1, says: /; 1 more key was not tried, since servers hang up after a few: name the/ },
    { count: 8, tried: 5, untried: 3, says: /; 3 more keys were not tried, since servers/ },
  ])("of $count keys, $tried are tried and $untried are left", ({ count, tried, untried, says }) => {
    const error = refusals(many.slice(0, count));
    expect(error.tried).toHaveLength(tried);
    expect(error.untried).toBe(untried);
    expect(error.message).toMatch(says);
  });

  test("a key that is asked about again counts twice", () => {
    const rsa = { algorithms: ["rsa-sha2-512", "rsa-sha2-256"] as const, publicKeyBlob: utf8("an RSA key") };
    const error = refusals([rsa, ...many.slice(0, 5)], new Map([["server-sig-algs", utf8("rsa-sha2-256")]]));
    expect(error.tried.slice(0, 3).map((each) => each.split(" ")[1])).toEqual([
      "rsa-sha2-512",
      "rsa-sha2-256",
      "ssh-ed25519",
    ]);
    expect([error.tried.length, error.untried]).toEqual([5, 2]); // of six keys, four were asked about
  });

  test("the fifth that cannot sign is the last", () => {
    const auth = started(many);
    for (const key of many.slice(0, 4)) {
      auth.receive(pkOk(key));
      auth.declined();
    }
    auth.receive(pkOk(many[4] as PeerKey));
    expect(auth.declined()).toBeUndefined();
  });

  test("a server that takes no more keys is not told of the rest", () => {
    const error = authError(() => started(many).receive(failure(["password"])));
    expect(error.untried).toBe(7);
    expect(error.message).not.toMatch(/not tried/); // for another reason than their number
  });
});

describe("partial success, RFC 4252 §5.1", () => {
  test("the second key follows, and its SUCCESS was earned by proof even without a second signature", () => {
    const auth = at("signature-sent", keys);
    auth.receive(failure(["publickey"], true));
    expect(outcome(() => auth.receive(success))).toBe("success with proof");
  });

  test("the error says that the key was good and what is still wanted", () => {
    const error = authError(() => at("signature-sent").receive(failure(["keyboard-interactive"], true)));
    expect(error).toMatchObject({ partialSuccess: true, canContinue: ["keyboard-interactive"] });
    expect(error.message).toMatch(/the key was accepted, but the server wants more/);
  });
});

describe("the failure's text", () => {
  test("names the user, what was tried, in order, what the server would take, and what is not supported here", () => {
    const auth = told(started(keys), failure(["publickey"]));
    const error = authError(() => auth.receive(failure(["publickey", "password", "keyboard-interactive"])));
    expect(error.message).toMatch(/^Authentication failed: the server refused for user mcp \(tried: /);
    expect(error.message).toMatch(/it would take: publickey, password, keyboard-interactive/);
    expect(error.message).toMatch(/password and keyboard-interactive is not supported here, only publickey/);
    expect(error.tried).toHaveLength(2);
    for (const tried of error.tried) {
      expect(tried).toMatch(/^publickey ssh-ed25519 SHA256:[A-Za-z0-9+/]{43}$/);
      expect(error.message).toContain(tried);
    }
    expect(error.tried[0]).not.toBe(error.tried[1]);
  });

  test.each<{ about: string; keys: readonly PeerKey[]; canContinue: string[]; says: RegExp }>([
    {
      about: "`none` was all there was to try",
      keys: [],
      canContinue: ["publickey"],
      says: /tried: none.*would take: publickey$/,
    },
    { about: "the server would take nothing", keys: [first], canContinue: [], says: /would take: nothing$/ },
  ])("says that $about", ({ keys, canContinue, says }) => {
    expect(authError(() => started(keys).receive(failure(canContinue))).message).toMatch(says);
  });

  test("says that the server does not verify this kind of signature, if its server-sig-algs says so", () => {
    const fail = (...extensions: readonly [string, Uint8Array][]): string =>
      authError(() => started([first]).receive(failure(["publickey"]), new Map(extensions))).message;
    const lists = (names: string): [string, Uint8Array] => ["server-sig-algs", Buffer.from(names)];
    expect(fail(lists("rsa-sha2-512"))).toMatch(/it does not verify ssh-ed25519 signatures at all$/);
    expect(fail(lists("rsa-sha2-512,ssh-ed25519"))).not.toMatch(/verify/);
    expect(fail()).not.toMatch(/verify/);
  });

  test("escapes a user's name and shows no more than a piece of a list without end", () => {
    const methods = Array.from({ length: 20_000 }, (_, i) => `method-${i}`);
    const auth = new UserAuth("m\x1bcp", [first]);
    auth.start();
    const error = authError(() => auth.receive(failure(methods)));
    expect(error.message).toContain("user m\\x1bcp ");
    expect(error.message.length).toBeLessThan(2000);
  });
});

describe("banners, RFC 4252 §5.4", () => {
  function linesOf(auth: UserAuth, message: string): readonly string[] {
    const step = auth.receive(encode(m.USERAUTH_BANNER, { message, languageTag: "" }));
    return step.step === "banner" ? step.lines : [];
  }

  test("are split into lines and escaped", () => {
    const lines = linesOf(at("query-sent"), "One\r\ntwo\x1b[2J\n\u202ethree\r\n\r\n");
    expect(lines).toEqual(["One", "two\\x1b[2J", "\\u{202e}three"]);
  });

  test.each([
    { about: "one banner", banners: 1, lines: 10_000, shown: 200, last: "(9801 more lines)" },
    { about: "many banners", banners: 500, lines: 20, shown: 200, last: "line" },
    { about: "many, the last of them too long", banners: 500, lines: 30, shown: 200, last: "(11 more lines)" },
    { about: "very many empty banners", banners: 10_000, lines: 0, shown: 0, last: undefined },
  ])("are shown up to 200 lines in all: $about", ({ banners, lines, shown, last }) => {
    const auth = at("query-sent");
    const all: string[] = [];
    for (let i = 0; i < banners; i++) all.push(...linesOf(auth, "line\n".repeat(lines)));
    expect([all.length, all.at(-1)]).toEqual([shown, last]);
  });

  test.each(["", "\r\n \n", "line\n".repeat(300)])("where nothing is left to show, nothing is told: %j", (message) => {
    const auth = at("query-sent");
    if (message.length > 10) linesOf(auth, message);
    expect(auth.receive(encode(m.USERAUTH_BANNER, { message, languageTag: "" }))).toEqual({ step: "wait" });
  });

  test("exactly 200 lines are all shown", () => {
    const lines = linesOf(at("query-sent"), "line\n".repeat(200));
    expect(lines).toHaveLength(200);
    expect(lines.every((line) => line === "line")).toBe(true);
  });
});

describe("serverSigAlgs, RFC 8308 §3.1", () => {
  test("is not read again at every banner: a list of 250 KB is slow to read", () => {
    const reads: string[] = [];
    class Extensions extends Map<string, Uint8Array> {
      override get(name: string): Uint8Array | undefined {
        reads.push(name);
        return super.get(name);
      }
    }
    const auth = at("query-sent");
    auth.receive(banner, new Extensions());
    auth.receive(pkOk(first), new Extensions());
    expect(reads).toEqual([]);
  });

  test.each<{ value: string | undefined; expected: string[] | undefined }>([
    { value: undefined, expected: undefined },
    { value: "ssh-ed25519", expected: ["ssh-ed25519"] },
    { value: "ssh-ed25519,rsa-sha2-512", expected: ["ssh-ed25519", "rsa-sha2-512"] },
  ])("$value", ({ value, expected }) => {
    const extensions = new Map<string, Uint8Array>([["other", new Uint8Array(3)]]);
    if (value !== undefined) extensions.set("server-sig-algs", Buffer.from(value));
    expect(serverSigAlgs(extensions)).toEqual(expected);
  });
});

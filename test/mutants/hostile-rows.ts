/**
 * Rows of the table: what the hostile server found, and the checks that its scenarios lean on.
 */
import type { Mutant } from "./mutant.ts";

export const hostileRows: readonly Mutant[] = [
  {
    id: "connect-gone-without-a-reason",
    file: "src/ssh/connect.ts",
    find: "    this.#gone = gone;",
    replace: "",
    why: "a server that breaks a rule in the flight of USERAUTH_SUCCESS is told to the user as a bug of ours",
    caughtBy: {
      file: "test/ssh/connect.test.ts",
      test: "says why it has ended to whoever asks for a session too late",
    },
  },
  {
    id: "link-loss-told-late",
    file: "src/mcp/link.ts",
    find: 'return broken === undefined ? { how: "closed" }',
    replace: 'return lost === undefined ? { how: "closed" }',
    why: "a dead link with bytes under way is taken for a remote that closed its session, and nobody reconnects",
    caughtBy: { file: "test/mcp/proxy-end.test.ts", test: "link lost, with bytes on their way" },
  },
  {
    id: "end-close-unanswered",
    file: "src/mcp/link.ts",
    find: "if (!isClosed) this.#direct",
    replace: "if (isClosed === false) this.#direct",
    why: "a server that says that its process has ended, and never closes the channel, leaves the host's requests unanswered",
    caughtBy: { file: "test/mcp/proxy-end.test.ts", test: "does not answer CLOSE is ended all the same" },
  },
  {
    id: "end-talked-over",
    file: "src/mcp/link.ts",
    find: "if (!this.#isHearing) left--;",
    replace: "",
    why: "a child that the remote left behind and that goes on talking leaves the host's requests unanswered for ever",
    caughtBy: { file: "test/mcp/proxy-end.test.ts", test: "goes on talking is ended after some 20 s" },
  },
  {
    id: "version-carriage-return-shown",
    file: "src/ssh/transport.ts",
    find: 'const said = text.replace(/\\r$/, "");',
    replace: "const said = text;",
    why: "the end of a line is shown as a part of what the server speaks",
    caughtBy: { file: "test/ssh/transport.test.ts", test: "refuses 'SSH-1.5'" },
  },
  {
    id: "hostile-signature-not-checked",
    file: "src/ssh/transport.ts",
    find: "if (!verifier.verify(H, signature)) {",
    replace: "if (verifier === undefined) {",
    why: "whoever has the host's public key is the host",
    caughtBy: { file: "test/hostile/hostile.test.ts", test: "the known key, and another one's signature" },
  },
  {
    id: "hostile-rekey-another-host",
    file: "src/ssh/transport.ts",
    find: "if (!isEqual(this.#hostKeyBlob, hostKeyBlob)) {",
    replace: "if (hostKeyBlob === undefined) {",
    why: "another host takes over at a rekey",
    caughtBy: { file: "test/hostile/hostile.test.ts", test: "another host key on rekey" },
  },
  {
    id: "hostile-pk-ok-any-key",
    file: "src/ssh/userauth.ts",
    find: "if (!isNamed || !isEqual(publicKeyBlob, expected.publicKeyBlob)) {",
    replace: "if (!isNamed) {",
    why: "a signature is made for a key that was not asked about",
    caughtBy: { file: "test/hostile/hostile.test.ts", test: "PK_OK for the beginning of the key" },
  },
  {
    id: "hostile-success-while-signing",
    file: "src/ssh/userauth.ts",
    find: 'if (state === "idle" || state === "signing" || state === "done") {',
    replace: 'if (state === "idle" || state === "done") {',
    why: "a login counts as proved before anything was signed",
    caughtBy: { file: "test/hostile/hostile.test.ts", test: "USERAUTH_SUCCESS while the client signs" },
  },
  {
    id: "hostile-strict-lets-ignore-in",
    file: "src/ssh/legal.ts",
    find: 'if (position.startsWith("first") && strict) return number === m.DISCONNECT.number;',
    replace:
      'if (position.startsWith("first") && strict && number !== m.IGNORE.number) return number === m.DISCONNECT.number;',
    why: "Terrapin: messages are cut from the start of the session",
    caughtBy: { file: "test/hostile/hostile.test.ts", test: "prefix truncation, strict" },
  },
  {
    id: "hostile-banner-raw",
    file: "src/ssh/userauth.ts",
    find: "const lines = printableLines(message, maximumBannerLines - this.#bannerLines);",
    replace: "const lines = message.split(/\\r?\\n/);",
    why: "a banner rewrites the terminal, and forges lines of the log",
    caughtBy: { file: "test/hostile/hostile.test.ts", test: "a banner with escape sequences" },
  },
];

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
    id: "version-carriage-return-shown",
    file: "src/ssh/transport.ts",
    find: 'const said = text.replace(/\\r$/, "");',
    replace: "const said = text;",
    why: "the end of a line is shown as a part of what the server speaks",
    caughtBy: { file: "test/ssh/transport.test.ts", test: "refuses 'SSH-1.5'" },
  },
];

/**
 * The house laws that the linter has no rule for, read off the imports and words of `src`: which room stands on which,
 * where `await` and the world may appear. Prints each breach as `file:line: law` and exits 1.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { pathToFileURL } from "node:url";

/**
 * The rooms of src/ssh from the ground up. A room imports only from floors below its own; a file that stands here by no
 * name is a breach, so that whoever adds a room says where it stands.
 */
const FLOORS: readonly (readonly string[])[] = [
  ["errors", "printable", "base64", "host-pattern", "algorithm-name"],
  ["wire"],
  ["der", "known-hosts", "public-key"],
  ["messages", "algorithms/interfaces"],
  ["algorithms/chacha-kernel/assembler", "algorithms/chacha-kernel/layout", "algorithms/chacha-kernel/bytes"],
  ["algorithms/chacha-kernel/chacha20", "algorithms/chacha-kernel/poly1305"],
  ["algorithms/chacha-kernel/kernel", "algorithms/chacha-kernel/cipher"],
  ["algorithms/aes-gcm", "algorithms/aes-ctr", "algorithms/hmac-sha2", "algorithms/chacha20-poly1305@openssh.com"],
  [
    "algorithms/key-blobs",
    "algorithms/nist-curves",
    "algorithms/modp-groups",
    "algorithms/power",
    "algorithms/noble-ml-kem",
    "algorithms/ephemeral",
    "connection",
    "deferred",
    "liveness",
    "random-bytes",
  ],
  ["algorithms/nist-ecdh"],
  ["algorithms/*"],
  ["certificate"],
  ["rows"],
  ["table"],
  ["key-material"],
  ["openssh-key", "pem-key"],
  ["sealed-section", "plain-key"],
  ["packet", "kex", "legal", "version-exchange", "extension-info", "userauth", "channel", "private-key", "agent"],
  ["other-host-keys"],
  ["transport", "global-requests"],
  ["client"],
  ["signers", "web-streams", "flow", "deadline"],
  ["read-queue"],
  ["channel-streams", "hang-up", "session-request", "upkeep"],
  ["connect"],
  ["index"],
];

/** Three RFCs, three machines; they meet in client.ts. The floors keep only some of these apart. */
const STRANGERS = ["transport", "userauth", "channel"];

/** The rooms of src/ssh with `await`, timers and streams; connection.ts has no more than their types. */
const ASYNC_ROOMS = [
  "connect",
  "hang-up",
  "upkeep",
  "deadline",
  "signers",
  "channel-streams",
  "web-streams",
  "flow",
  "read-queue",
];
const STREAM_ROOMS = [...ASYNC_ROOMS, "connection"];

/** Which parts of src a part may import from; every part may import from itself. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  ssh: [],
  mcp: ["ssh"],
  node: ["ssh"],
  cli: ["ssh", "mcp", "node"],
  index: ["ssh", "mcp", "node"],
};

interface Import {
  readonly line: number;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

interface Source {
  /** As in `src/ssh/wire.ts`. */
  readonly path: string;
  /** `ssh`, `mcp`, `node`, `cli`, or `index`, the package's main face. */
  readonly part: string;
  /** The path inside the part without `.ts`, as in `algorithms/offer`. */
  readonly room: string;
  readonly imports: readonly Import[];
  /** The code with comments, strings and regular expressions blanked, line by line. */
  readonly lines: readonly string[];
}

type Law = (source: Source) => readonly Breach[];

interface Breach {
  readonly line: number;
  readonly law: string;
}

/** The breaches in `files` (path -> text), each as `file:line: law`. */
export function breaches(files: ReadonlyMap<string, string>): readonly string[] {
  const found: string[] = [];
  for (const [path, text] of files) {
    if (/(^|[/.-])(utils?|helpers?|manager|common)\.[cm]?ts$/.test(path))
      found.push(`${path}:1: a name says what it is`);
    if (!path.startsWith("src/")) continue;
    const source = read(path, text);
    const own = LAWS.flatMap((law) => law(source)).sort((a, b) => a.line - b.line);
    found.push(...own.map(({ line, law }) => `${path}:${line}: ${law}`));
  }
  return found;
}

const LAWS: readonly Law[] = [
  /* parts */ ({ path, part, imports }) =>
    imports.flatMap(({ line, specifier }) => {
      const target = partOf(resolve(path, specifier));
      if (target === undefined || target === part || PARTS[part]?.includes(target)) return [];
      return { line, law: `src/${part} imports nothing of src/${target}` };
    }),

  /* floors */ (source) => (source.part === "ssh" ? floorBreaches(source) : []),

  /* strangers */ ({ part, path, room, imports }) =>
    imports.flatMap(({ line, specifier }) => {
      const target = roomOf(resolve(path, specifier));
      if (part !== "ssh" || target === room || ![room, target].every((name) => STRANGERS.includes(name))) return [];
      return { line, law: `${room} and ${target} meet only in client.ts` };
    }),

  /* packages */ ({ part, room, imports }) =>
    imports.flatMap(({ line, specifier, typeOnly }) => {
      if (specifier.startsWith(".") || isAllowedPackage(part, room, specifier, typeOnly)) return [];
      return { line, law: `${specifier} may not be imported here` };
    }),

  /* the world */ ({ part, lines }) =>
    part === "node" || part === "cli"
      ? []
      : words(
          lines,
          /(?<![.#\w])(process|Buffer|require|__dirname)\b(?!\s*[?]?:)/,
          "is Node's: only src/node and the command",
        ),

  /* time */ ({ part, room, lines }) =>
    part !== "ssh" || ASYNC_ROOMS.includes(room)
      ? []
      : words(
          lines,
          /(?<![.#\w])(async|await|setTimeout|setInterval|setImmediate|queueMicrotask|performance|Date)\b(?!\s*[?]?:)/,
          `belongs to ${ASYNC_ROOMS.join(", ")}: the rest of src/ssh is bytes in, values out`,
        ),

  /* streams */ ({ part, room, lines }) =>
    part !== "ssh" || STREAM_ROOMS.includes(room)
      ? []
      : words(lines, /\b((?:Readable|Writable|Transform)Stream\w*)\b/, `belongs to ${ASYNC_ROOMS.join(", ")}`),
];

function floorBreaches({ path, room, imports }: Source): readonly Breach[] {
  const own = floorOf(room);
  if (own === -1) return [{ line: 1, law: "a room without a floor: give it one in test/support/laws.ts" }];
  return imports.flatMap(({ line, specifier }) => {
    const target = resolve(path, specifier);
    if (partOf(target) !== "ssh" || floorOf(roomOf(target)) < own) return [];
    return { line, law: `${room} does not stand on ${roomOf(target)}: a room imports from lower floors only` };
  });
}

function floorOf(room: string): number {
  const exact = FLOORS.findIndex((rooms) => rooms.includes(room));
  if (exact !== -1 || !room.startsWith("algorithms/")) return exact;
  return FLOORS.findIndex((rooms) => rooms.includes("algorithms/*"));
}

function isAllowedPackage(part: string, room: string, specifier: string, typeOnly: boolean): boolean {
  if (specifier.startsWith("node:")) return part === "node" || part === "cli";
  if (specifier.startsWith("@noble/"))
    return part === "ssh" && (room === "known-hosts" || room.startsWith("algorithms/"));
  if (specifier.startsWith("@modelcontextprotocol/sdk/")) return part === "mcp" && typeOnly;
  return specifier === "cac" && part === "cli";
}

function words(lines: readonly string[], pattern: RegExp, law: string): readonly Breach[] {
  return lines.flatMap((text, index) => {
    const word = pattern.exec(text)?.[1];
    return word === undefined ? [] : { line: index + 1, law: `${word} ${law}` };
  });
}

function read(path: string, text: string): Source {
  const code = text.replace(COMMENT_OR_LITERAL, (token) => (/^["'`]/.test(token) ? token : blank(token)));
  const imports = [...code.matchAll(IMPORT)].map((match) => ({
    line: code.slice(0, match.index).split("\n").length + lineOfSpecifier(match[0]),
    specifier: match[2] ?? match[3] ?? "",
    typeOnly: match[1] !== undefined,
  }));
  const lines = text.replace(COMMENT_OR_LITERAL, blank).split("\n");
  return { path, part: partOf(path) ?? "", room: roomOf(path), imports, lines };
}

/** `import ... from "x"`, `import "x"`, `export ... from "x"`, `import("x")`. */
const IMPORT =
  /^(?:import|export)\s+(type\s)?(?:[\w\s{},*$]+?\s+from\s+)?["']([^"'\n]+)["']|\bimport\(\s*["']([^"'\n]+)["']/gm;

const COMMENT_OR_LITERAL = new RegExp(
  [
    /\/\/[^\n]*/,
    /\/\*[\s\S]*?\*\//,
    /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/,
    /(?<=(?:^|[(,=:[!&|?{};>]|return)\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\//,
  ]
    .map(({ source }) => source)
    .join("|"),
  "gm",
);

function blank(token: string): string {
  return token.replace(/[^\n]/g, " ");
}

function lineOfSpecifier(statement: string): number {
  return statement.split("\n").length - 1;
}

/** The file that a relative import names, from the top folder; anything else unchanged. */
function resolve(path: string, specifier: string): string {
  return specifier.startsWith(".") ? join(dirname(path), specifier) : specifier;
}

function partOf(path: string): string | undefined {
  if (path === "src/cli.ts" || path.startsWith("src/cli/")) return "cli";
  if (path === "src/index.ts") return "index";
  return /^src\/(\w+)\//.exec(path)?.[1];
}

function roomOf(path: string): string {
  return path.replace(/^src\/\w+\//, "").replace(/\.ts$/, "");
}

function filesUnder(folder: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.[cm]?ts$/.test(name));
  return new Map(names.sort().map((name) => [join(folder, name), readFileSync(join(folder, name), "utf8")]));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const files = new Map(["src", "test", "bench"].filter(existsSync).flatMap((folder) => [...filesUnder(folder)]));
  const found = breaches(files);
  for (const breach of found) console.log(breach);
  process.exitCode = found.length > 0 ? 1 : 0;
}

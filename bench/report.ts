/**
 * Report: results.json and history.json -> README.md, and nothing else goes into it. `tsx bench/report.ts` makes README.md
 * and chart.svg anew.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { aimsOf } from "./aims.ts";
import { chart } from "./chart.ts";
import type { Release } from "./history.ts";
import { clientsOf, type Measure, measuresOf, nearest } from "./measures.ts";
import type { HandshakeRow, LinkResults, PacketRow, Results } from "./results.ts";

if (process.argv[1] === import.meta.filename) {
  const file = (name: string): string => join(import.meta.dirname, name);
  const results = JSON.parse(readFileSync(file("results.json"), "utf8")) as Results;
  const history = JSON.parse(readFileSync(file("history.json"), "utf8")) as Release[];
  writeFileSync(file("README.md"), report(results, history));
  writeFileSync(file("chart.svg"), chart(results));
}

/** The text of bench/README.md. */
export function report(results: Results, history: readonly Release[]): string {
  const sections = [
    head(results),
    aimsSection(results),
    commandSection(results),
    packetSection(results),
    channelSection(results),
    handshakeSection(results),
    historySection(history),
  ];
  return `${sections.join("\n\n")}\n`;
}

function head({ date, commit, machine, versions, ssh2Addon }: Results): string {
  return `# Benchmarks

<!-- Made from results.json and history.json by \`npx tsx bench/report.ts\`: do not edit. -->

\`npm run bench\` measures and writes this page; \`npm run bench -- --quick\` only sees that everything runs. Candidates
take turns within each round, and medians of the rounds are shown. No test asserts a time. \`-- --also=NODE\` adds the command
run by another Node.

| | |
|---|---|
| Date | ${date} |
| Commit | ${commit} |
| Machine | ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.os} |
| Versions | Node ${versions.node}, ${versions.openssh}, ssh2 ${versions.ssh2}, @noble/ciphers ${versions.nobleCiphers}, @noble/curves ${versions.nobleCurves} |
| ssh2's native addon | ${ssh2Addon}${ssh2Addon === "built" ? ", in a temporary copy of the package, by its own recipe; every column of ssh2 is of this copy" : ""} |

![The command beside ssh2 and ssh](chart.svg)`;
}

function aimsSection(results: Results): string {
  const rows = aimsOf(results).map(({ title, bound, value, ofBarePipe, isMet }) => {
    const isKnown = Number.isFinite(value);
    const bare = Number.isFinite(ofBarePipe) ? nearest(ofBarePipe) : "";
    return [
      title,
      isKnown ? nearest(value) : "not measured",
      bound,
      isKnown ? (isMet ? "met" : "**missed**") : "",
      bare,
    ];
  });
  return `## Aims

What we want, and what this run shows of it. The last column is what a pipe in Node would have in our place that knows neither
SSH nor MCP, and passes bytes to a plain TCP port (\`bare-pipe.mjs\`): where that misses an aim as well, Node's own streams do.
Not so with memory, which depends on how blocks are used again.

${table(["", "measured", "aim", "", "a pipe without SSH"], rows)}`;
}

function historySection(history: readonly Release[]): string {
  const rows = history.map(({ version, date, ours, shareOfSsh2 }) => [
    version,
    date,
    ...Object.entries(ours).map(([figure, value]) => {
      const share = shareOfSsh2[figure as keyof typeof ours];
      return `${nearest(value)} (${share.toFixed(2)})`;
    }),
  ]);
  return `## Releases

The command on loopback, a row for each release, from [history.json](history.json); in brackets ours divided by ssh2's in the
same run, since not all were measured on one machine.

${table(
  [
    "",
    "",
    "first reply, ms",
    "p50, us",
    "p99, us",
    "calls a second",
    "download, MB/s",
    "upload, MB/s",
    "CPU, s",
    "peak, MiB",
  ],
  rows,
)}`;
}

function commandSection({ command, alsoOn }: Results): string {
  const { loopback, delayed, negotiated, startRounds, loadRounds } = command;
  const agreed = clientsOf(loopback).map((name) => {
    const { kex, cipher } = negotiated[name] ?? { kex: "unknown", cipher: "unknown" };
    return `\`${name}\`: ${kex}, ${cipher}`;
  });
  return `## The command

The built command, a pipe by npm ssh2 (\`ssh2-pipe.mjs\`) and OpenSSH's \`ssh\`, each started as a host starts it, run a
tiny MCP server on a real sshd on the same machine. Each is left to its own choice of algorithms: ${agreed.join("; ")}.
"First reply" is from starting the process to the answer to \`initialize\` (${startRounds} rounds); everything else comes of
${loadRounds} sessions of ${loadOf(loopback)}, and "CPU" is that
of a session up to the late pings. Memory is the resident set. The columns with a
stroke are ours divided by theirs; the last is of a pipe in Node to the same server behind a plain TCP port.

${linkTable(loopback)}

The same server as a child process, without SSH: first reply ${nearest(loopback.direct.firstReply)} ms, round trip ${nearest(loopback.direct.roundTripP50)} us.
Where the time of a small message goes is in [profile.md](profile.md).

### ${delayed.delay} ms away

Through a proxy that hands each piece on after ${delayed.delay / 2} ms, in order and at any rate; setting up TCP takes its time as
well. Sessions of ${loadOf(delayed)}. The proxy acknowledges in place of the far end, which on a real link
costs every client more wherever the server has Nagle's algorithm on.

${linkTable(delayed)}${alsoOn.map(otherNodeSection).join("")}`;
}

function otherNodeSection({ node, loopback }: Results["alsoOn"][number]): string {
  return `

### On Node ${node}

The same on loopback, run by another Node. ssh2's addon is built for the first one, so that ssh2 has none here.

${linkTable(loopback)}`;
}

function loadOf({ load }: LinkResults): string {
  const { pings, pipelinedCalls, inFlight, transfers, latePings } = load;
  return `${pings} sequential pings, ${pipelinedCalls} calls with ${inFlight} in flight, ${transfers} answers and ${transfers} requests of 1 MiB, and ${latePings} pings late in the session, behind twice as many more, when V8 has compiled what it will`;
}

function linkTable(link: LinkResults): string {
  const names = clientsOf(link);
  const [ours = "", ...others] = names;
  const header = ["", ...names, ...others.map((other) => `${ours} / ${other}`)];
  return table(link.bare === null ? header : [...header, "a pipe without SSH"], measuresOf(link).map(measureRow));
}

function measureRow({ title, unit, isLowerBetter, values, bare }: Measure): string[] {
  const [ours = Number.NaN, ...others] = values;
  const ratios = others.map((other) => (ours / other).toFixed(2));
  const wish = isLowerBetter ? "lower is better" : "higher is better";
  return [
    `${title}, ${unit} (${wish})`,
    ...values.map(nearest),
    ...ratios,
    ...(bare === undefined ? [] : [nearest(bare)]),
  ];
}

function packetSection({ packet }: Results): string {
  const addon = packet.ssh2HasNativeAddon
    ? "ssh2 has its native addon."
    : "Without its native addon, ssh2 uses OpenSSL by node:crypto, and its own WebAssembly for Poly1305.";
  return `## One packet

Microseconds to seal or open one packet, in one process, ${packet.rounds} rounds. "noble" is the least that anything built on
@noble/ciphers has to call, by hand on the same bytes; "cipher" is our row of the algorithm table; "packet" adds framing,
random padding and copying in and out, and is what to hold beside ssh2, which does the same. Each packet is copied to where it is opened. ${addon}

${table(
  ["", "payload", "noble", "our cipher", "our packet", "ssh2", "our packet's rate / noble's", "our packet / ssh2"],
  packet.rows.map(packetRow),
)}`;
}

function packetRow({ cipher, operation, payloadBytes, microseconds }: PacketRow): string[] {
  const { noble, cipher: row, packet, ssh2 } = microseconds;
  const size = payloadBytes < 1024 ? `${payloadBytes} B` : `${payloadBytes / 1024} KiB`;
  const times = [noble, row, packet, ssh2].map(nearest);
  return [`${operation} ${cipher}`, size, ...times, (noble / packet).toFixed(2), (packet / ssh2).toFixed(2)];
}

function channelSection({ channel }: Results): string {
  return `## One channel in memory

MB/s of the client without a socket, ${channel.bytes / 2 ** 20} MiB of data in packets of 32 KiB, ${channel.rounds} rounds, beside the cipher alone
on as many bytes.

${table(
  ["", "whole client", "cipher alone", "client / cipher"],
  channel.rows.map(({ cipher, direction, megabytesPerSecond: whole, cipherMegabytesPerSecond: alone }) => [
    `${direction} ${cipher}`,
    nearest(whole),
    nearest(alone),
    (whole / alone).toFixed(2),
  ]),
)}`;
}

function handshakeSection({ handshake }: Results): string {
  const [ours, theirs] = handshake.rows;
  const row = (title: string, of: (row: HandshakeRow) => number): string[] => {
    const [a, b] = [ours ? of(ours) : Number.NaN, theirs ? of(theirs) : Number.NaN];
    return [title, nearest(a), nearest(b), (a / b).toFixed(2)];
  };
  return `## One login

Milliseconds from dialling to USERAUTH_SUCCESS against sshd on loopback, key and known_hosts files read, as a library in a
Node process of its own: cold is the first login of a fresh process (${handshake.coldRounds} rounds), warm the same process some
logins later (${handshake.warmRounds} rounds). CPU is user and system time of all threads.

${table(
  ["", ours?.client ?? "", theirs?.client ?? "", "ratio"],
  [
    row("CPU, warm", ({ warm }) => warm.cpu),
    row("elapsed, warm", ({ warm }) => warm.elapsed),
    row("CPU, cold", ({ cold }) => cold.cpu),
    row("elapsed, cold", ({ cold }) => cold.elapsed),
    row("CPU of importing the library, cold", ({ cold }) => cold.imports),
    row("CPU of the whole process, cold", ({ cold }) => cold.process),
  ],
)}`;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = header.map((_, i) => (i === 0 ? "---" : "---:"));
  return [line(header), `|${rule.join("|")}|`, ...rows.map(line)].join("\n");
}

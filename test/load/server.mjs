/**
 * The remote program of the load tests: a line server of a few lines that says as much as it is told to, does not read
 * when told, floods its stderr, and accounts for every byte that it read and wrote. Plain JavaScript: the "remote
 * machine" needs nothing but node. stdout is written synchronously, so that what is accounted for has left.
 */
import { createHash } from "node:crypto";
import { writeSync } from "node:fs";

const received = { bytes: 0, lines: 0, hash: createHash("sha256") };
const sent = { bytes: 0, lines: 0, hash: createHash("sha256") };
/** Text in which no two places look alike for long, in JSON a string's own characters. */
const filling = createHash("sha512").update("filling").digest("hex").repeat(512);
/** Requests that `load/hold` keeps until it is told to answer. */
const held = [];

const METHODS = {
  ping: () => ({}),
  /** `lines` notifications of `length` bytes each, numbered; then the answer. */
  "load/say": ({ lines, length }) => {
    for (let number = 0; number < lines; number++) say(notification(number, length));
    return {};
  },
  /** An answer of about `length` bytes. */
  "load/big": ({ length }) => ({ text: text(length) }),
  /** Reads nothing for `milliseconds`. */
  "load/deaf": ({ milliseconds }) => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
    return {};
  },
  /** Writes `bytes` to stderr, in lines. */
  "load/stderr": ({ bytes }) => {
    const line = `${filling.slice(0, 1023)}\n`.repeat(16);
    for (let left = bytes; left > 0; left -= line.length) writeAll(2, Buffer.from(line));
    return {};
  },
  /** Answered by `load/release`, in the order that is the reverse of the asking. */
  "load/hold": () => undefined,
  "load/release": () => {
    for (const { id, params } of held.splice(0).reverse()) say(JSON.stringify({ jsonrpc: "2.0", id, result: params }));
    return {};
  },
  /** What came in, this line included, and what went out, this answer excluded. */
  "load/report": () => ({ received: accountOf(received), sent: accountOf(sent) }),
};

function accountOf({ bytes, lines, hash }) {
  return { bytes, lines, sha256: hash.copy().digest("hex") };
}

function text(length) {
  return filling.repeat(Math.ceil(length / filling.length)).slice(0, length);
}

/** Of `length` bytes with its newline, more if that is too few. */
function notification(number, length) {
  const line = `{"jsonrpc":"2.0","method":"load/said","params":{"number":${number},"text":""}}`;
  return `${line.slice(0, -3)}${text(Math.max(0, length - line.length - 1))}"}}`;
}

function say(line) {
  const bytes = Buffer.from(`${line}\n`);
  sent.bytes += bytes.length;
  sent.lines++;
  sent.hash.update(bytes);
  writeAll(1, bytes);
}

function writeAll(fd, bytes) {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

/** Short lines are parsed; of long ones only that they came counts. */
function hear(line) {
  received.lines++;
  if (line.length > 4096) return;
  const { id, method, params = {} } = JSON.parse(line);
  if (id === undefined) return;
  if (method === "load/hold") held.push({ id, params });
  const result = METHODS[method]?.(params);
  if (result !== undefined) say(JSON.stringify({ jsonrpc: "2.0", id, result }));
}

let partial = "";
process.stdin.setEncoding("latin1");
process.stdin.on("data", (chunk) => {
  received.bytes += chunk.length;
  received.hash.update(chunk, "latin1");
  const lines = chunk.split("\n");
  lines[0] = partial + lines[0];
  partial = lines.pop();
  for (const line of lines) hear(line);
});

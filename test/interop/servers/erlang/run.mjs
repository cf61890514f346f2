// A program for an Erlang port, which can neither close the program's stdin alone nor tell its stderr from its stdout.
// Frames of {packet, 4}, a letter first. In: d data, e end of stdin, s signal, a and b: send more of stdout, of stderr.
// Out: o stdout, r stderr, w the data of one d is written, z the end of both, x exit status.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";

const child = spawn("sh", process.argv.slice(2));
child.stdin.on("error", () => {}); // EPIPE: the exit says the rest

function send(letter, bytes = Buffer.alloc(0)) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(1 + bytes.length);
  process.stdout.write(Buffer.concat([length, Buffer.from(letter), bytes]));
}

function carry(letter, stream) {
  stream.on("data", (bytes) => {
    stream.pause();
    send(letter, bytes);
  });
}

function handle(letter, bytes) {
  if (letter === "d") child.stdin.write(bytes, () => send("w"));
  if (letter === "e") child.stdin.end();
  if (letter === "s") child.kill(`SIG${bytes}`);
  if (letter === "a") child.stdout.resume();
  if (letter === "b") child.stderr.resume();
}

carry("o", child.stdout);
carry("r", child.stderr);
const ended = Promise.all([once(child.stdout, "end"), once(child.stderr, "end")]).then(() => send("z"));
child.once("exit", async (status, signal) => {
  await ended;
  send("x", Buffer.from([status ?? 128 + constants.signals[signal]]));
});
process.stdin.once("end", () => child.kill("SIGHUP")); // the channel is gone

let held = Buffer.alloc(0);
for await (const bytes of process.stdin) {
  held = Buffer.concat([held, bytes]);
  while (held.length >= 4 && held.length >= 4 + held.readUInt32BE(0)) {
    const end = 4 + held.readUInt32BE(0);
    handle(held.toString("latin1", 4, 5), held.subarray(5, end));
    held = held.subarray(end);
  }
}

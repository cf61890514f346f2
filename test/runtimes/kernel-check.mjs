/**
 * The chacha kernel of the built library beside noble, on random packets: for any runtime, as it is or bundled. Each is
 * sealed and opened by both, and once forged.
 */
import { kernelChaCha } from "../../dist/ssh/algorithms/chacha-kernel/cipher.js";
import { nobleChaCha } from "../../dist/ssh/algorithms/chacha20-poly1305@openssh.com.js";

const overhead = 20; // packet_length and tag

/** `isSame`, or what the first packet was that is not; `cases` is 0 where the kernel may not be compiled. */
export function checkKernel(count, seed = 20261126) {
  const chacha = kernelChaCha();
  if (chacha === undefined) return { cases: 0 };
  const pick = picker(seed);
  const bytes = (length) => Uint8Array.from({ length }, () => pick(256));
  for (let i = 0; i < count; i++) {
    const key = bytes(64);
    const body = i % 100 === 0 ? pick(35_001 - overhead) : pick(300);
    const offset = pick(16);
    const number = pick(2 ** 32);
    const original = bytes(body + overhead);
    const expected = original.slice();
    const packet = new Uint8Array(offset + original.length).subarray(offset);
    packet.set(original);
    nobleChaCha(key).seal(expected, number);
    chacha(key).seal(packet, number);
    const isSealedAlike = isSame(packet, expected);
    const at = pick(packet.length);
    packet[at] ^= 1 << pick(8);
    const isForgeryTaken = chacha(key).open(packet, number);
    packet.set(expected);
    const isOpened = chacha(key).open(packet, number) && isSame(packet.subarray(0, -16), original.subarray(0, -16));
    if (!isSealedAlike || isForgeryTaken || !isOpened)
      return { cases: i, fault: { body, offset, number, at, isSealedAlike, isForgeryTaken, isOpened } };
  }
  return { cases: count };
}

function isSame(left, right) {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** Marsaglia's xorshift: numbers below a limit. */
function picker(seed) {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

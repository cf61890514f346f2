/**
 * Layout: where what lies in the kernel's memory, which has a fixed size and holds one packet at a time. README.md has it
 * as a table.
 */

/** Bytes between packet_length and tag that fit: as many as the longest packet has that we read. RFC 4253 §6.1. */
export const MAXIMUM_BODY: number = 256 * 1024;

/** Bytes that four blocks of keystream have: what one turn of the kernel's loop does. */
export const TURN = 256;

// Constants: never written.

/** Indices that rotate each word by 16 bits, and by 8 bits, to the left. */
export const ROTATE_16 = 0x00;
export const ROTATE_8 = 0x10;
/** "expand 32-byte k". RFC 8439 §2.3. */
export const SIGMA = 0x20;
/** Sixteen bytes of ones and sixteen of zeros; sixteen zeros, a 1, fifteen zeros: for a last block that is not whole. */
export const KEEP = 0x30;
export const MARK = 0x50;
/** Block counters: of the head's four blocks (K_1's 0; K_2's 0, 1, 2), of the body's first four, and what a turn adds. */
export const HEAD_COUNTERS = 0x70;
export const BODY_COUNTERS = 0x80;
export const COUNTERS_STEP = 0x90;
/** `TURN` zeros: what the keystream is laid over in order to have it alone. */
export const ZEROS = 0xa0;

// Secrets: written by the caller and by `head`, zeros again when `body` returns.

/** K_2 and K_1, 32 bytes each, in the order of the key derivation. */
export const KEYS = 0x1a0;
/** What `head` leaves for `body`, up to `HEAD_END`: the keystream over packet_length, 16 bytes of which 4 are used. */
export const LENGTH_STREAM = 0x1e0;
/** Poly1305's r and s, 16 bytes each. */
export const POLY_KEY = 0x1f0;
/** The first 128 bytes of keystream over the body. */
export const FIRST_STREAM = 0x210;
/** The last row of ChaCha20's state, with 0 for the block counter. */
export const NONCE_ROW = 0x290;
/** The last block of the packet, padded, where it is not whole. */
export const LAST_BLOCK = 0x2a0;
/** The fourth row of ChaCha20's states: four words, each of four blocks. */
export const FOURTH_ROW = 0x2b0;
export const HEAD_END = 0x2f0;

// The packet, and keystream. Both may be written up to `TURN` bytes beyond what is asked for.

/** `packet_length | body | tag`. */
export const PACKET = 0x40c;
export const BODY = 0x410;
/** The keystream over the body, where the tag is not known yet to be right. */
export const SCRATCH: number = BODY + MAXIMUM_BODY + 0x1f0;
export const PAGES: number = Math.ceil((SCRATCH + MAXIMUM_BODY + TURN) / 0x10000);

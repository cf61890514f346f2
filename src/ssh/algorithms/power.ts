/**
 * Power: modular exponentiation in BigInt, where no platform does it better.
 *
 * The same multiplications are made whatever the exponent is. BigInt's own time still depends on its operands a little,
 * as all arithmetic in JavaScript does; the exponents are ephemeral, and each is used for two powers.
 */
import { bytesToNumberBE, numberToBytesBE } from "@noble/curves/utils.js";
import type { Power } from "./interfaces.ts";

/** base ^ exponent mod modulus, four bits of the exponent at a time. */
export const power: Power = (base, exponent, modulus) => {
  const p = bytesToNumberBE(modulus);
  const powers = [1n, bytesToNumberBE(base) % p];
  for (let i = 2; i < 16; i++) powers.push(((powers[i - 1] as bigint) * (powers[1] as bigint)) % p);
  let result = 1n;
  for (const byte of exponent) {
    for (const digit of [byte >> 4, byte & 15]) {
      for (let i = 0; i < 4; i++) result = (result * result) % p;
      result = (result * (powers[digit] as bigint)) % p;
    }
  }
  return numberToBytesBE(result, modulus.length);
};

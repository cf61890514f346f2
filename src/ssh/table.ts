/** The table that is used unless another is given: for every runtime, on noble's primitives and the kernel. */
import { swiftChaCha } from "./algorithms/chacha-kernel/cipher.ts";
import type { AlgorithmTable } from "./algorithms/interfaces.ts";
import { noble } from "./algorithms/noble.ts";
import { tableOf } from "./rows.ts";

export const table: AlgorithmTable = tableOf({ ...noble, chacha: swiftChaCha(noble.chacha) });

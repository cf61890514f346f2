/** The table that is used unless another is given: on noble's primitives, for every runtime. */
import type { AlgorithmTable } from "./interfaces.ts";
import { noble } from "./noble.ts";
import { tableOf } from "./rows.ts";

export const table: AlgorithmTable = tableOf(noble);

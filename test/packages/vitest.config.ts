import { defineConfig } from "vitest/config";

/** What is given away: packed, unpacked and started. One file after the other, since they build and pack. */
export default defineConfig({
  test: {
    include: ["test/{packages,image}/*.test.ts"],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});

import { defineConfig } from "vitest/config";

/** Not part of `npm test`: what these need is heavy, and this folder's own. */
export default defineConfig({
  test: {
    include: ["test/runtimes/*.runtime.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});

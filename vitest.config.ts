import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/packages/**"], // with a configuration of its own: npm run test:packages
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

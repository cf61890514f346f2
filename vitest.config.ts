import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/{packages,image}/**"], // with a configuration of their own: npm run test:packages, test:image
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/{packages,image}/**"], // with a configuration of their own: npm run test:packages, test:image
    // A ProxyCommand runs in this shell. bash, where its stdin is a socket, reads the profile of whoever runs the tests,
    // which may do and wait for anything.
    env: { SHELL: "/bin/sh" },
    // Generous: what hangs fails late, what is only slow on a busy machine does not fail.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
});

/** The component tests once more, in a real Chromium: `npm run test:browser`. */

/// <reference types="@vitest/browser/providers/playwright" />

import { defineConfig } from "vitest/config";
import { cssAsText } from "./vitest.config";

export default defineConfig({
  plugins: [cssAsText],
  server: { fs: { allow: ["../.."] } },
  test: {
    // The others read folders, which a browser cannot.
    include: ["test/!(conventions|roundtrip|samples).test.tsx"],
    setupFiles: ["test/styles.ts"],
    restoreMocks: true,
    testTimeout: 20_000,
    browser: {
      enabled: true,
      headless: true,
      provider: "playwright",
      screenshotFailures: false,
      instances: [
        {
          browser: "chromium",
          launch: {
            executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
            args: [
              "--no-sandbox",
              "--disable-gpu",
              "--disable-background-networking",
              "--disable-sync",
            ],
          },
        },
      ],
    },
  },
});

import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

// As the labextension build does it: an imported .svg is its text.
const svgText = {
  name: 'svg-text',
  enforce: 'pre' as const,
  load(id: string): string | null {
    return id.endsWith('.svg') ? `export default ${JSON.stringify(readFileSync(id, 'utf8'))};` : null;
  }
};

export default defineConfig({
  plugins: [svgText],
  test: {
    environment: 'jsdom',
    include: ['test/**/*.spec.{ts,tsx}'],
    setupFiles: ['test/setup.ts'],
    // importing JupyterLab's packages for the first time takes seconds
    testTimeout: 20000,
    poolOptions: { forks: { maxForks: 2 } }
  }
});

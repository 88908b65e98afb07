import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

// As the labextension build does it: an imported .svg is its text.
const svgText = {
  name: 'svg-text',
  enforce: 'pre' as const,
  load(id: string): string | null {
    return id.endsWith('.svg') ? `export default ${JSON.stringify(readFileSync(id, 'utf8'))};` : null;
  }
};

class ByName extends BaseSequencer {
  async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.sort((one, other) => one.moduleId.localeCompare(other.moduleId));
  }
}

export default defineConfig({
  plugins: [svgText],
  test: {
    environment: 'jsdom',
    include: ['test/**/*.spec.{ts,tsx}'],
    setupFiles: ['test/setup.ts'],
    // importing JupyterLab's packages for the first time takes seconds
    testTimeout: 20000,
    // Most of the time went into loading JupyterLab for each file: one process and one page serve all of them,
    // in the same order each time, so that what a file leaves behind is noticed by all or by none.
    isolate: false,
    poolOptions: { forks: { singleFork: true } },
    sequence: { sequencer: ByName },
    restoreMocks: true
  }
});

// @vitest-environment node
import { describe, expect, it } from 'vitest';

import { numberLines } from '../../src/log/launcher';
import { linesOf } from './lines';

const LOG = [
  'time="2024-06-10T14:24:41.703Z" level=info msg="capturing logs" argo=true',
  'time=2026-11-30T07:21:17.987Z level=INFO msg="waiting for signals" argo=true',
  'I1130 07:21:18.829579      15 main.go:139] Setting log level to: 1',
  'before',
  'time=now level=low',
  'E1130 07:21:18.984467      15 launcher_v2.go:449] Component failed to execute successfully: exit status 3',
  'F1130 07:21:19.003856      15 main.go:130] failed to execute component: exit status 3',
  'Error: exit status 1'
].join('\n');

describe('numberLines', () => {
  it("leaves out the launcher's and Argo's lines and keeps the numbers of the others", () => {
    const { lines, numbers } = numberLines(linesOf(LOG), { all: false });
    expect(lines.map(line => line.text)).toEqual(['before', 'time=now level=low']);
    expect(numbers).toEqual([3, 4]);
  });

  it('shows everything on demand', () => {
    const { lines, numbers } = numberLines(linesOf(LOG), { all: true });
    expect(lines).toHaveLength(8);
    expect(numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

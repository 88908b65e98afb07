// @vitest-environment node
import { describe, expect, it } from 'vitest';

import type { Artifact } from '../../src/api/types';
import { listArtifacts, listMatrices, listMetrics } from '../../src/tasks/metrics';
import { task } from '../run/samples';

function made(type: string, metadata: Record<string, unknown>, uri = 'x://a'): Artifact {
  return { name: 'out', type, uri, metadata };
}

function maker(id: string, ...artifacts: Artifact[]): ReturnType<typeof task> {
  return task(id, 'SUCCEEDED', { outputs: { parameters: {}, artifacts: { out: artifacts } } });
}

const MATRIX = {
  confusionMatrix: {
    annotationSpecs: [{ displayName: 'cat' }, { displayName: 'dog' }],
    rows: [{ row: [3, 1] }, { row: [0, 4] }]
  }
};

describe('metrics', () => {
  it('are the numbers in the metadata of system.Metrics, NaN among them', () => {
    const artifacts = listArtifacts([maker('eval', made('system.Metrics', { auc: 0.93, loss: 'NaN', note: 'text' }))]);
    expect(listMetrics(artifacts)).toEqual([
      { task: 'eval', name: 'auc', value: 0.93 },
      { task: 'eval', name: 'loss', value: NaN }
    ]);
  });

  it('has the confusion matrix that the SDK writes', () => {
    const [matrix] = listMatrices(listArtifacts([maker('eval', made('system.ClassificationMetrics', MATRIX))]));
    expect(matrix?.title).toBe('eval · out');
    expect(matrix).toMatchObject({
      categories: ['cat', 'dog'],
      rows: [
        [3, 1],
        [0, 4]
      ]
    });
  });

  it.each([
    [{}],
    [{ confusionMatrix: 'text' }],
    [{ confusionMatrix: { annotationSpecs: [{}], rows: [{ row: ['a'] }] } }],
    [{ confusionMatrix: { annotationSpecs: [{}, {}], rows: [{ row: [1] }] } }]
  ])('leaves out a matrix that is none: %j', metadata => {
    const artifacts = listArtifacts([maker('eval', made('system.ClassificationMetrics', metadata))]);
    expect(listMatrices(artifacts)).toEqual([]);
  });
});

describe('artifactsOf', () => {
  it('names the task that made it, not the group that passes it on', () => {
    const group = task('group', 'SUCCEEDED', {
      outputs: { parameters: {}, artifacts: { out: [made('system.Model', {})] } }
    });
    const inner = { ...maker('inner', made('system.Model', {})), parent_task_id: 'group' };
    expect(listArtifacts([group, inner]).map(each => each.task)).toEqual(['inner']);
  });
});

// @vitest-environment node
import { describe, expect, it } from 'vitest';

import { findFailedPath, createGraph, listWaits, removeGroups } from '../../src/tasks/graph';
import { createLayout, neighbor, NODE, drawPath } from '../../src/tasks/layout';
import { task, view } from '../run/samples';

const PLAN = [
  { name: 'load', needs: [] },
  { name: 'train', needs: ['load'] },
  { name: 'score', needs: ['train'] }
];
const arrows = (edges: readonly { from: string; to: string }[]): string[] => edges.map(({ from, to }) => `${from}→${to}`);

describe('graphOf', () => {
  it('adds the tasks that are still to come', () => {
    const graph = createGraph(view('RUNNING', [task('load', 'RUNNING')], { plan: PLAN }));
    expect(graph.tasks.map(({ task_id, phase }) => [task_id, phase])).toEqual([
      ['load', 'RUNNING'],
      ['planned:train', 'PENDING'],
      ['planned:score', 'PENDING']
    ]);
    expect(arrows(graph.edges)).toEqual(['load→planned:train', 'planned:train→planned:score']);
  });

  it('says of an ended run that the others did not run', () => {
    const graph = createGraph(view('FAILED', [task('load', 'FAILED')], { plan: PLAN }));
    expect(graph.tasks.map(({ phase }) => phase)).toEqual(['FAILED', 'SKIPPED', 'SKIPPED']);
  });

  it('joins tasks of the same turn of a loop', () => {
    const turns = ['1', '2'].flatMap(turn => [
      task(`train-${turn}`, 'SUCCEEDED', { name: 'train', parent_task_id: turn }),
      task(`score-${turn}`, 'RUNNING', { name: 'score', parent_task_id: turn })
    ]);
    const graph = createGraph(view('RUNNING', [task('load', 'SUCCEEDED'), ...turns], { plan: PLAN }));
    expect(arrows(graph.edges)).toEqual(['load→train-1', 'load→train-2', 'train-1→score-1', 'train-2→score-2']);
  });

  it('joins a task in a condition to the task of the same turn', () => {
    const turn = (id: string): ReturnType<typeof task> => task(id, 'SUCCEEDED', { parent_task_id: 'loop' });
    const groups = [turn('1'), turn('2'), task('condition', 'SUCCEEDED', { parent_task_id: '2' })];
    const tasks = [
      task('train-1', 'SUCCEEDED', { name: 'train', parent_task_id: '1' }),
      task('train-2', 'SUCCEEDED', { name: 'train', parent_task_id: '2' }),
      task('score', 'SUCCEEDED', { parent_task_id: 'condition' })
    ];
    const graph = createGraph(view('SUCCEEDED', tasks, { plan: PLAN.slice(1), groups }));
    expect(arrows(graph.edges)).toEqual(['train-2→score']);
  });

  it('has no edges without a plan', () => {
    expect(createGraph(view('RUNNING', [task('load', 'RUNNING')])).edges).toEqual([]);
  });

  it('is drawn without the tasks that only hold others', () => {
    const tasks = [task('loop', 'RUNNING'), task('train', 'RUNNING', { parent_task_id: 'loop' })];
    expect(removeGroups(createGraph(view('RUNNING', tasks))).tasks.map(({ task_id }) => task_id)).toEqual(['train']);
  });

  it('names a task of a loop after its iterations', () => {
    const groups = [
      task('outer', 'SUCCEEDED', { type: 'LOOP' }),
      task('o1', 'SUCCEEDED', { type: 'LOOP_ITERATION', name: 'iteration-1', parent_task_id: 'outer' }),
      task('inner', 'SUCCEEDED', { type: 'LOOP', parent_task_id: 'o1' }),
      task('i0', 'SUCCEEDED', { type: 'LOOP_ITERATION', name: 'iteration-0', parent_task_id: 'inner' }),
      task('if', 'SUCCEEDED', { type: 'CONDITION', parent_task_id: 'i0' })
    ];
    const tasks = [task('say', 'SUCCEEDED', { parent_task_id: 'if' }), task('bye', 'SUCCEEDED')];
    const graph = removeGroups(createGraph(view('SUCCEEDED', tasks, { groups })), groups);
    expect(graph.tasks.map(({ display_name }) => display_name)).toEqual(['say (iteration-1/iteration-0)', 'bye']);
  });
});

describe('a graph', () => {
  const graph = createGraph(view('FAILED', [task('load', 'SUCCEEDED'), task('train', 'FAILED')], { plan: PLAN }));

  it('has the path that leads to the failed task', () => {
    expect(arrows([...findFailedPath(graph)])).toEqual(['load→train']);
  });

  it('knows what a task waits for', () => {
    const running = createGraph(view('RUNNING', [task('load', 'RUNNING')], { plan: PLAN }));
    expect([...listWaits(running)].map(([id, tasks]) => [id, tasks.map(each => each.name)])).toEqual([
      ['planned:train', ['load']],
      ['planned:score', ['train']]
    ]);
  });
});

describe('layoutOf', () => {
  const fan = ['a', 'b', 'c', 'd'];
  const edges = [
    { from: 'a', to: 'b' },
    { from: 'a', to: 'c' },
    { from: 'b', to: 'd' },
    { from: 'c', to: 'd' }
  ];
  const layout = createLayout(fan, edges);

  it('has layers from top to bottom, and no nodes over each other', () => {
    const y = (id: string): number => layout.nodes.get(id)?.y ?? NaN;
    expect([y('a') < y('b'), y('b') === y('c'), y('c') < y('d')]).toEqual([true, true, true]);
    const [b, c] = [layout.nodes.get('b')?.x ?? 0, layout.nodes.get('c')?.x ?? 0];
    expect(Math.abs(b - c)).toBeGreaterThanOrEqual(NODE.width);
  });

  it('is walked along edges and within a layer', () => {
    expect(neighbor(layout, edges, 'b', 'down')).toBe('d');
    expect(neighbor(layout, edges, 'b', 'up')).toBe('a');
    const [left, right] = (layout.nodes.get('b')?.x ?? 0) < (layout.nodes.get('c')?.x ?? 0) ? ['b', 'c'] : ['c', 'b'];
    expect(neighbor(layout, edges, left, 'right')).toBe(right);
    expect(neighbor(layout, edges, right, 'left')).toBe(left);
    expect(neighbor(layout, edges, 'a', 'up')).toBeUndefined();
  });

  it('draws circles, lone nodes and nothing at all', () => {
    const circle = [
      { from: 'a', to: 'b' },
      { from: 'b', to: 'a' }
    ];
    expect(createLayout(['a', 'b', 'c'], circle).nodes.size).toBe(3);
    expect(createLayout([], []).nodes.size).toBe(0);
  });

  it('takes 400 nodes', () => {
    const ids = Array.from({ length: 400 }, (_, index) => `n${index}`);
    const tree = ids.slice(1).map((to, index) => ({ from: `n${Math.floor(index / 3)}`, to }));
    expect(createLayout(ids, tree).nodes.size).toBe(400);
  });

  it('has smooth paths', () => {
    expect(drawPath([{ x: 0, y: 0 }, { x: 10, y: 20 }])).toBe('M0 0C0 10 10 10 10 20');
    expect(drawPath([])).toBe('');
  });
});

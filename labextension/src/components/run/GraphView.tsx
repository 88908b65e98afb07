import * as React from 'react';

import type { Task } from '../../api/types';
import type { Format } from '../../format';
import { describePhase } from '../../phase';
import { isActive } from '../../rules';
import { findFailedPath, type ITaskGraph } from '../../tasks/graph';
import { createLayout, neighbor, drawPath, type ILayout, type IPoint } from '../../tasks/layout';
import { getDuration, getTaskName } from '../../tasks/rows';
import { Button } from '../Button';
import { StateIcon } from '../StateIcon';

export interface IGraphViewProps {
  readonly graph: ITaskGraph;
  readonly chosen: string;
  readonly format: Format;
  readonly now: number;
  readonly prefix: string;
  /** The second line of a task that is not of a run: no state is shown then. */
  readonly describe?: (task: Task) => string;
  /** `""` for none. */
  readonly onChoose: (taskId: string) => void;
}

const SMALLEST = 0.25;
const READABLE = 0.75;
const LARGEST = 2;
const STEP = 1.25;

/** The tasks as a graph from top to bottom; a tree for screen readers, one tab stop for the keyboard. */
export function GraphView(props: IGraphViewProps): React.JSX.Element {
  const { graph, chosen, format, prefix, onChoose } = props;
  const { trans } = format;
  const layout = useLayout(graph);
  const box = React.useRef<HTMLDivElement>(null);
  const [zoom, setZoom] = React.useState(1);
  const fit = React.useCallback(() => setZoom(fitZoom(box.current, layout)), [layout]);
  // A wide graph opens at a readable zoom and scrolls; “Fit” shows the whole.
  React.useLayoutEffect(() => setZoom(Math.max(READABLE, fitZoom(box.current, layout))), [layout]);
  const move = (id: string | undefined): void => {
    if (id !== undefined) {
      onChoose(id);
      findNode(box.current, id)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    }
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const target = findTarget(event.key, layout, graph, chosen);
    if (target !== null) {
      event.preventDefault();
      move(target);
    }
  };
  const stop = graph.tasks.some(({ task_id }) => task_id === chosen) ? getNodeId(prefix, chosen) : undefined;
  return (
    <div className="jp-kfp-Graph">
      <div
        className="jp-kfp-Graph-scroll"
        ref={box}
        role="tree"
        aria-label={trans.__('Tasks')}
        aria-activedescendant={stop}
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <div
          className="jp-kfp-Graph-room"
          role="presentation"
          style={{ width: layout.width * zoom, height: layout.height * zoom }}
        >
          <div className="jp-kfp-Graph-plane" role="presentation" style={{ transform: `scale(${zoom})` }}>
            <Edges {...props} layout={layout} />
            {graph.tasks.map(task => (
              <Node key={task.task_id} task={task} at={layout.nodes.get(task.task_id)} {...props} />
            ))}
          </div>
        </div>
      </div>
      <div className="jp-kfp-Graph-zoom" role="group" aria-label={trans.__('Zoom')}>
        <Button
          label="−"
          kind="quiet"
          title={trans.__('Zoom out')}
          off={zoom <= SMALLEST ? trans.__('This is the smallest.') : undefined}
          onClick={() => setZoom(Math.max(SMALLEST, zoom / STEP))}
        />
        <Button
          label="+"
          kind="quiet"
          title={trans.__('Zoom in')}
          off={zoom >= LARGEST ? trans.__('This is the largest.') : undefined}
          onClick={() => setZoom(Math.min(LARGEST, zoom * STEP))}
        />
        <Button label={trans.__('Fit')} kind="quiet" title={trans.__('Show the whole graph')} onClick={fit} />
      </div>
    </div>
  );
}

/** Return the layout, computed again only when tasks or edges change, not when states do. */
function useLayout(graph: ITaskGraph): ILayout {
  const ids = graph.tasks.map(({ task_id }) => task_id);
  const edges = graph.edges.map(({ from, to }) => `${from}\u0001${to}`);
  const key = `${ids.join('\u0000')}\u0002${edges.join('\u0000')}`;
  const kept = React.useRef<{ key: string; layout: ILayout; graph: ITaskGraph } | null>(null);
  if (kept.current?.key !== key) {
    kept.current = { key, layout: createLayout(ids, graph.edges), graph };
  }
  return kept.current.layout;
}

function Edges({ graph, layout, prefix }: IGraphViewProps & { readonly layout: ILayout }): React.JSX.Element {
  const thick = new Set([...findFailedPath(graph)].map(({ from, to }) => `${from}\u0001${to}`));
  const waiting = new Set(graph.tasks.filter(({ phase }) => phase === 'PENDING').map(({ task_id }) => task_id));
  const arrow = `${prefix}-arrow`;
  return (
    <svg className="jp-kfp-Graph-edges" aria-hidden="true" width={layout.width} height={layout.height}>
      <defs>
        <marker id={arrow} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">
          <path className="jp-kfp-Graph-arrow" d="M0 0L8 4L0 8z" />
        </marker>
      </defs>
      {[...layout.edges].map(([{ from, to }, points]) => {
        const key = `${from}\u0001${to}`;
        const names = [thick.has(key) ? 'jp-mod-failed' : '', waiting.has(to) ? 'jp-mod-waiting' : ''];
        return <path key={key} className={names.join(' ').trim()} d={drawPath(points)} markerEnd={`url(#${arrow})`} />;
      })}
    </svg>
  );
}

type INodeProps = IGraphViewProps & { readonly task: Task; readonly at: IPoint | undefined };

function Node(props: INodeProps): React.JSX.Element | null {
  const { task, at, chosen, format, prefix, describe, onChoose } = props;
  const { trans } = format;
  const second = describe ? describe(task) : describeState(props);
  const waits = isActive(task.phase) && task.phase === 'PENDING';
  const mode = describe ? 'jp-mod-spec' : waits ? 'jp-mod-waiting' : '';
  return at ? (
    <div
      id={getNodeId(prefix, task.task_id)}
      data-task={task.task_id}
      role="treeitem"
      aria-selected={task.task_id === chosen}
      aria-label={`${getTaskName(task)}, ${second}`}
      title={getTaskName(task)}
      className={`jp-kfp-Graph-node ${mode}`.trim()}
      style={{ left: at.x, top: at.y }}
      onClick={() => onChoose(task.task_id)}
    >
      {!describe && <StateIcon phase={task.phase} raw={task.state} trans={trans} decorative />}
      <span className="jp-kfp-cut">{getTaskName(task)}</span>
      <span className="jp-kfp-small jp-kfp-dim jp-kfp-num jp-kfp-cut">{second}</span>
    </div>
  ) : null;
}

/** “Succeeded · 3 s”. */
function describeState({ task, format, now }: INodeProps): string {
  const took = getDuration(task, now);
  const word = describePhase(task.phase, format.trans, task.state);
  return took === null ? word : `${word} · ${format.duration(took)}`;
}

function getNodeId(prefix: string, taskId: string): string {
  return `${prefix}-node-${taskId}`;
}

function findNode(box: HTMLElement | null, id: string): HTMLElement | undefined {
  return [...(box?.querySelectorAll<HTMLElement>('[data-task]') ?? [])].find(node => node.dataset['task'] === id);
}

/** Return the zoom that fits the whole graph, at most 1. */
function fitZoom(box: HTMLElement | null, { width, height }: ILayout): number {
  if (!box?.clientWidth || !box.clientHeight || !width || !height) {
    return 1;
  }
  return Math.max(SMALLEST, Math.min(1, box.clientWidth / width, box.clientHeight / height));
}

/** Return the task that a key moves to, `""` for none; null if the key has no meaning here. */
function findTarget(key: string, layout: ILayout, graph: ITaskGraph, chosen: string): string | undefined | null {
  const first = graph.tasks[0]?.task_id;
  const from = layout.nodes.has(chosen) ? chosen : undefined;
  switch (key) {
    case 'ArrowUp':
      return from === undefined ? first : neighbor(layout, graph.edges, from, 'up');
    case 'ArrowDown':
      return from === undefined ? first : neighbor(layout, graph.edges, from, 'down');
    case 'ArrowLeft':
      return from === undefined ? first : neighbor(layout, graph.edges, from, 'left');
    case 'ArrowRight':
      return from === undefined ? first : neighbor(layout, graph.edges, from, 'right');
    case 'Home':
      return first;
    case 'End':
      return graph.tasks.at(-1)?.task_id;
    case 'Escape':
      return '';
    default:
      return null;
  }
}

/** The layout of a graph: layers from top to bottom. */
import { Graph, layout as dagreLayout } from '@dagrejs/dagre';

import type { ITaskEdge } from './graph';

/** The size of a node, fixed because the layout needs it. */
export const NODE = { width: 184, height: 44 } as const;

/** The space around the graph. */
const MARGIN = 20;

export interface IPoint {
  readonly x: number;
  readonly y: number;
}

/** Positions in pixels; a node's is its upper left corner. */
export interface ILayout {
  readonly width: number;
  readonly height: number;
  readonly nodes: ReadonlyMap<string, IPoint>;
  /** The course of each edge, from its source to its target. */
  readonly edges: ReadonlyMap<ITaskEdge, readonly IPoint[]>;
}

/** Return a layout; cycles, which a merged plan may have, are drawn like other edges. */
export function createLayout(ids: readonly string[], edges: readonly ITaskEdge[]): ILayout {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'TB', nodesep: 34, ranksep: 36, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  ids.forEach(id => graph.setNode(id, { ...NODE }));
  edges.forEach(({ from, to }) => graph.setEdge(from, to));
  dagreLayout(graph);
  const nodes = ids.map((id): [string, IPoint] => {
    const { x, y } = graph.node(id) as unknown as IPoint;
    return [id, { x: x - NODE.width / 2, y: y - NODE.height / 2 }];
  });
  const places = new Map(nodes);
  const courses = edges.map((edge): [ITaskEdge, readonly IPoint[]] => {
    const { points } = graph.edge(edge.from, edge.to) as unknown as { points: readonly IPoint[] };
    // edges between adjacent layers are straight; longer ones go around nodes
    const between = points.length > 3 ? points.slice(1, -1) : [];
    return [edge, [anchor(places.get(edge.from), NODE.height), ...between, anchor(places.get(edge.to), 0)]];
  });
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return { width, height, nodes: places, edges: new Map(courses) };
}

/** Return the middle of a node's upper or lower side. */
function anchor(place: IPoint | undefined, down: number): IPoint {
  return { x: (place?.x ?? 0) + NODE.width / 2, y: (place?.y ?? 0) + down };
}

/** Return the smooth path of an edge, for an SVG. */
export function drawPath(points: readonly IPoint[]): string {
  const [first, ...rest] = points;
  if (!first) {
    return '';
  }
  let last = first;
  return rest.reduce((path, point) => {
    const middle = (last.y + point.y) / 2;
    const part = `C${last.x} ${middle} ${point.x} ${middle} ${point.x} ${point.y}`;
    last = point;
    return path + part;
  }, `M${first.x} ${first.y}`);
}

/** Return the node next to `id` in a direction: along an edge up and down, within a layer left and right. */
export function neighbor(
  layout: ILayout,
  edges: readonly ITaskEdge[],
  id: string,
  direction: 'up' | 'down' | 'left' | 'right'
): string | undefined {
  const here = layout.nodes.get(id);
  if (!here) {
    return undefined;
  }
  const nearest = (ids: readonly string[]): string | undefined =>
    [...ids].sort((one, other) => distance(layout, here, one) - distance(layout, here, other))[0];
  switch (direction) {
    case 'down':
      return nearest(edges.filter(({ from }) => from === id).map(({ to }) => to));
    case 'up':
      return nearest(edges.filter(({ to }) => to === id).map(({ from }) => from));
    case 'left':
    case 'right': {
      const sign = direction === 'left' ? -1 : 1;
      const row = [...layout.nodes].filter(([, { x, y }]) => Math.abs(y - here.y) < 1 && sign * (x - here.x) > 0);
      return nearest(row.map(([each]) => each));
    }
  }
}

function distance({ nodes }: ILayout, { x, y }: IPoint, id: string): number {
  const there = nodes.get(id);
  return there ? Math.hypot(there.x - x, there.y - y) : Infinity;
}

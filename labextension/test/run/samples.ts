/** Runs and tasks as the server half sends them. */
import type { Phase, Run, RunView, Task } from '../../src/api/types';

export function task(id: string, phase: Phase, more: Partial<Task> = {}): Task {
  return {
    run_id: 'run-1',
    task_id: id,
    display_name: id,
    create_time: null,
    start_time: null,
    end_time: null,
    state: phase === 'CACHED' ? 'SUCCEEDED' : phase,
    error: null,
    state_history: [],
    parent_task_id: '',
    child_tasks: [],
    name: id,
    type: 'RUNTIME',
    attempt: 0,
    max_attempts: 1,
    exit_code: null,
    reason: '',
    cached_from_run_id: '',
    inputs: { parameters: {}, artifacts: {} },
    outputs: { parameters: {}, artifacts: {} },
    outputs_unread: '',
    phase,
    ...more
  };
}

export function run(phase: Phase, more: Partial<Run> = {}): Run {
  return {
    run_id: 'run-1-0000',
    experiment_id: 'e',
    display_name: 'prepare-data',
    storage_state: 'AVAILABLE',
    description: '',
    pipeline_version_reference: null,
    pipeline_spec: null,
    runtime_config: null,
    service_account: '',
    created_at: '2026-03-12T09:14:00Z',
    scheduled_at: null,
    finished_at: null,
    state: phase,
    error: null,
    run_details: null,
    recurring_run_id: '',
    state_history: [],
    namespace: 'team-a',
    experiment_name: 'churn',
    phase,
    progress: null,
    failed_task: '',
    mine: false,
    metrics: {},
    origin: null,
    ...more
  };
}

export function view(phase: Phase, tasks: readonly Task[], more: Partial<RunView> = {}): RunView {
  return {
    run: run(phase),
    tasks: [...tasks],
    parameters: [],
    spec: '',
    failure: null,
    lists_all_tasks: true,
    plan: [],
    groups: [],
    has_pods: true,
    ...more
  };
}

CREATE TABLE experiments (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id TEXT NOT NULL COLLATE NOCASE UNIQUE,
    namespace TEXT NOT NULL,
    display_name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    storage_state TEXT NOT NULL DEFAULT 'AVAILABLE',
    created_at INTEGER NOT NULL,
    last_run_created_at INTEGER NOT NULL DEFAULT 0,
    UNIQUE (namespace, name_key)
);
CREATE INDEX experiments_by_time ON experiments (namespace, created_at, seq);

CREATE TABLE specs (
    digest TEXT PRIMARY KEY,
    body BLOB NOT NULL
);
CREATE TABLE runs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL COLLATE NOCASE UNIQUE,
    namespace TEXT NOT NULL,
    experiment_id TEXT NOT NULL COLLATE NOCASE,
    display_name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    service_account TEXT NOT NULL DEFAULT '',
    storage_state TEXT NOT NULL DEFAULT 'AVAILABLE',
    state TEXT NOT NULL DEFAULT 'PENDING',
    created_at INTEGER NOT NULL,
    scheduled_at INTEGER NOT NULL DEFAULT 0,
    finished_at INTEGER NOT NULL DEFAULT 0,
    recurring_run_id TEXT NOT NULL DEFAULT '' COLLATE NOCASE,
    pipeline_id TEXT NOT NULL DEFAULT '',
    pipeline_version_id TEXT NOT NULL DEFAULT '',
    spec_digest TEXT NOT NULL,
    runtime_config BLOB NOT NULL DEFAULT x'7b7d',
    state_history BLOB NOT NULL DEFAULT x'5b5d',
    error TEXT NOT NULL DEFAULT '',
    request_digest TEXT NOT NULL DEFAULT '',
    extra BLOB NOT NULL DEFAULT x'7b7d'
);
CREATE INDEX runs_by_namespace ON runs (namespace, created_at, seq);
CREATE INDEX runs_by_storage ON runs (namespace, storage_state, created_at, seq);
CREATE INDEX runs_by_experiment ON runs (experiment_id, created_at, seq);
CREATE INDEX runs_by_recurring_run ON runs (recurring_run_id, display_name) WHERE recurring_run_id <> '';
CREATE INDEX runs_unfinished ON runs (seq) WHERE state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELED', 'SKIPPED');
CREATE INDEX runs_by_spec ON runs (spec_digest);
CREATE TABLE run_totals (
    scope TEXT NOT NULL,
    storage_state TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (scope, storage_state)
) WITHOUT ROWID;
CREATE TRIGGER runs_added AFTER INSERT ON runs BEGIN
    INSERT INTO run_totals VALUES ('n:' || new.namespace, new.storage_state, 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
    INSERT INTO run_totals VALUES ('e:' || lower(new.experiment_id), new.storage_state, 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER runs_removed AFTER DELETE ON runs BEGIN
    UPDATE run_totals SET n = n - 1 WHERE scope = 'n:' || old.namespace AND storage_state = old.storage_state;
    UPDATE run_totals SET n = n - 1
        WHERE scope = 'e:' || lower(old.experiment_id) AND storage_state = old.storage_state;
    DELETE FROM specs WHERE digest = old.spec_digest
        AND NOT EXISTS (SELECT 1 FROM runs WHERE spec_digest = old.spec_digest);
END;
CREATE TRIGGER runs_stored AFTER UPDATE OF storage_state ON runs
WHEN old.storage_state <> new.storage_state BEGIN
    UPDATE run_totals SET n = n - 1 WHERE scope = 'n:' || old.namespace AND storage_state = old.storage_state;
    UPDATE run_totals SET n = n - 1
        WHERE scope = 'e:' || lower(old.experiment_id) AND storage_state = old.storage_state;
    INSERT INTO run_totals VALUES ('n:' || new.namespace, new.storage_state, 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
    INSERT INTO run_totals VALUES ('e:' || lower(new.experiment_id), new.storage_state, 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TABLE recurring_runs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    recurring_run_id TEXT NOT NULL COLLATE NOCASE UNIQUE,
    namespace TEXT NOT NULL,
    experiment_id TEXT NOT NULL COLLATE NOCASE,
    display_name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    service_account TEXT NOT NULL DEFAULT '',
    enabled INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    pipeline_id TEXT NOT NULL DEFAULT '',
    pipeline_version_id TEXT NOT NULL DEFAULT '',
    spec BLOB NOT NULL DEFAULT x'',
    runtime_config BLOB NOT NULL DEFAULT x'7b7d',
    trigger_spec BLOB NOT NULL DEFAULT x'7b7d',
    max_concurrency INTEGER NOT NULL DEFAULT 1,
    no_catchup INTEGER NOT NULL DEFAULT 0,
    extra BLOB NOT NULL DEFAULT x'7b7d',
    next_at INTEGER,
    fired INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX recurring_runs_by_time ON recurring_runs (namespace, created_at, seq);
CREATE INDEX recurring_runs_by_experiment ON recurring_runs (experiment_id, created_at, seq);
CREATE INDEX recurring_runs_enabled ON recurring_runs (next_at) WHERE enabled = 1;

CREATE TABLE pipelines (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    pipeline_id TEXT NOT NULL COLLATE NOCASE UNIQUE,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    display_name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    tags BLOB NOT NULL DEFAULT x'7b7d',
    UNIQUE (namespace, name_key)
);
CREATE INDEX pipelines_by_time ON pipelines (namespace, created_at, seq);
CREATE TABLE pipeline_versions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    pipeline_version_id TEXT NOT NULL COLLATE NOCASE UNIQUE,
    pipeline_id TEXT NOT NULL COLLATE NOCASE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    display_name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    spec BLOB NOT NULL,
    template TEXT NOT NULL,
    parameters BLOB NOT NULL DEFAULT x'5b5d',
    package_url TEXT NOT NULL DEFAULT '',
    code_source_url TEXT NOT NULL DEFAULT '',
    tags BLOB NOT NULL DEFAULT x'7b7d',
    UNIQUE (pipeline_id, name_key)
);
CREATE INDEX pipeline_versions_by_time ON pipeline_versions (pipeline_id, created_at, seq);

CREATE TABLE profiles (
    namespace TEXT PRIMARY KEY,
    owner TEXT NOT NULL DEFAULT '',
    uid TEXT NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE contributors (
    namespace TEXT NOT NULL,
    subject TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (namespace, subject)
) WITHOUT ROWID;
CREATE TABLE secrets (
    namespace TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (namespace, kind, name)
);
CREATE TABLE revoked_tokens (
    token_id TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE tasks (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL COLLATE NOCASE,
    task_id TEXT NOT NULL,
    path TEXT NOT NULL,
    parent_task_id TEXT NOT NULL,
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    type TEXT NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    exit_code INTEGER,
    reason TEXT NOT NULL,
    cached_from_run_id TEXT NOT NULL,
    created_at REAL NOT NULL,
    started_at REAL NOT NULL,
    ended_at REAL NOT NULL,
    state_history BLOB NOT NULL,
    inputs BLOB NOT NULL,
    outputs BLOB NOT NULL,
    UNIQUE (run_id, path)
);
CREATE INDEX tasks_by_source ON tasks (cached_from_run_id) WHERE cached_from_run_id <> '';
CREATE TABLE results (
    namespace TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    run_id TEXT NOT NULL COLLATE NOCASE,
    outputs BLOB NOT NULL,
    PRIMARY KEY (namespace, fingerprint)
) WITHOUT ROWID;
CREATE INDEX results_by_run ON results (run_id);

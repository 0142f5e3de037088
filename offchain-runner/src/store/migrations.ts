/** Applied in order, each once; a published entry is never edited. Amounts are decimal text, hashes hex text. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE blocks (
    number INTEGER PRIMARY KEY,
    hash   TEXT NOT NULL
  ) STRICT;

  CREATE TABLE jobs (
    id                  TEXT PRIMARY KEY,
    state               TEXT NOT NULL,
    reason              TEXT,
    request             TEXT NOT NULL,
    input               BLOB NOT NULL,
    opened_block        INTEGER NOT NULL,
    deadline            INTEGER NOT NULL,
    acceptance_signer   TEXT,
    acceptance_deadline INTEGER,
    accepted_block      INTEGER,
    output              BLOB,
    settled_block       INTEGER,
    paid                TEXT,
    deliverable_at      INTEGER,
    attempts            INTEGER NOT NULL DEFAULT 0,
    not_before_ms       INTEGER NOT NULL DEFAULT 0,
    transaction_id      INTEGER REFERENCES transactions (id),
    seen_at_ms          INTEGER NOT NULL,
    updated_at_ms       INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX jobs_by_state ON jobs (state, deadline);
  CREATE INDEX jobs_by_transaction ON jobs (transaction_id);

  CREATE TABLE signed_results (
    release     TEXT NOT NULL,
    codec       INTEGER NOT NULL,
    input_hash  TEXT NOT NULL,
    context     TEXT NOT NULL,
    output_hash TEXT NOT NULL,
    signed_at_ms INTEGER NOT NULL,
    PRIMARY KEY (release, codec, input_hash, context)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE transactions (
    id            INTEGER PRIMARY KEY,
    purpose       TEXT NOT NULL,
    state         TEXT NOT NULL,
    signer        TEXT NOT NULL,
    nonce         INTEGER NOT NULL,
    target        TEXT NOT NULL,
    data          TEXT NOT NULL,
    gas_limit     TEXT NOT NULL,
    valid_until   INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX transactions_by_state ON transactions (state);

  CREATE TABLE attempts (
    hash           TEXT PRIMARY KEY,
    transaction_id INTEGER NOT NULL REFERENCES transactions (id),
    kind           TEXT NOT NULL,
    raw            TEXT NOT NULL,
    max_fee        TEXT NOT NULL,
    max_tip        TEXT NOT NULL,
    signed_at_ms   INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX attempts_by_transaction ON attempts (transaction_id);
  `,
  `
  CREATE TABLE served_results (
    id             INTEGER PRIMARY KEY,
    caller         TEXT NOT NULL,
    network        TEXT NOT NULL,
    is_newcomer    INTEGER NOT NULL,
    context        TEXT NOT NULL,
    release        TEXT NOT NULL,
    codec          INTEGER NOT NULL,
    input_hash     TEXT NOT NULL,
    grains         INTEGER NOT NULL,
    served_at_ms   INTEGER NOT NULL,
    consumed_block INTEGER,
    consumed_by    TEXT
  ) STRICT;
  CREATE INDEX served_by_caller ON served_results (caller, served_at_ms);
  CREATE INDEX served_by_network ON served_results (network, served_at_ms);
  CREATE INDEX served_by_key ON served_results (context, input_hash, release, codec);
  CREATE INDEX served_by_time ON served_results (served_at_ms);
  CREATE INDEX served_by_block ON served_results (consumed_block) WHERE consumed_block IS NOT NULL;
  `,
  `
  ALTER TABLE transactions ADD COLUMN value TEXT NOT NULL DEFAULT '0';

  CREATE TABLE watched_requests (
    id       TEXT PRIMARY KEY,
    request  TEXT NOT NULL,
    deadline INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX watched_requests_by_deadline ON watched_requests (deadline);

  CREATE TABLE watched_inputs (
    hash  TEXT PRIMARY KEY,
    input BLOB NOT NULL,
    until INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX watched_inputs_by_end ON watched_inputs (until);

  CREATE TABLE watched_results (
    id            INTEGER PRIMARY KEY,
    hash          TEXT NOT NULL,
    signer        TEXT NOT NULL,
    state         TEXT NOT NULL,
    is_sampled    INTEGER NOT NULL,
    release       TEXT NOT NULL,
    codec         INTEGER NOT NULL,
    input_hash    TEXT NOT NULL,
    output_hash   TEXT NOT NULL,
    signed        TEXT NOT NULL,
    valid_until   INTEGER NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    not_before_ms INTEGER NOT NULL DEFAULT 0,
    UNIQUE (hash, signer)
  ) STRICT;
  CREATE INDEX watched_results_by_state ON watched_results (state, not_before_ms, id);
  CREATE INDEX watched_results_by_release ON watched_results (state, release, not_before_ms, id);
  CREATE INDEX watched_results_by_input ON watched_results (input_hash, release, codec);
  CREATE INDEX watched_results_by_end ON watched_results (valid_until);

  CREATE TABLE disputes (
    key             TEXT PRIMARY KEY,
    kind            TEXT NOT NULL,
    state           TEXT NOT NULL,
    reason          TEXT,
    claim           TEXT NOT NULL,
    signer          TEXT NOT NULL,
    signed          TEXT,
    other           TEXT,
    input           BLOB,
    evidence_until  INTEGER NOT NULL,
    place           INTEGER,
    salt            TEXT NOT NULL,
    committed_block INTEGER,
    challenge_block INTEGER,
    verdict_block   INTEGER,
    pc              INTEGER NOT NULL DEFAULT 0,
    steps           INTEGER NOT NULL DEFAULT 0,
    has_worked      INTEGER NOT NULL DEFAULT 0,
    slashed         TEXT NOT NULL DEFAULT '0',
    bounty          TEXT NOT NULL DEFAULT '0',
    act             TEXT,
    transaction_id  INTEGER REFERENCES transactions (id),
    attempts        INTEGER NOT NULL DEFAULT 0,
    not_before_ms   INTEGER NOT NULL DEFAULT 0,
    not_before_sec  INTEGER NOT NULL DEFAULT 0,
    found_at_ms     INTEGER NOT NULL,
    updated_at_ms   INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE dispute_payments (
    log TEXT PRIMARY KEY,
    key TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE open_challenges (
    key        TEXT PRIMARY KEY,
    block      INTEGER NOT NULL,
    seen_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX disputes_by_state ON disputes (state, not_before_ms);
  CREATE INDEX disputes_by_transaction ON disputes (transaction_id);
  `,
  `
  CREATE TABLE promised_covers (
    key         TEXT PRIMARY KEY,
    payer       TEXT NOT NULL,
    grains      INTEGER NOT NULL,
    valid_until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX promised_covers_by_payer ON promised_covers (payer, valid_until);
  CREATE INDEX promised_covers_by_end ON promised_covers (valid_until);
  `,
  `
  CREATE TABLE wrong_covers (
    id             INTEGER PRIMARY KEY,
    operator_id    INTEGER NOT NULL,
    result_hash    TEXT NOT NULL,
    state          TEXT NOT NULL,
    claim_key      TEXT NOT NULL,
    signed         TEXT NOT NULL,
    transaction_id INTEGER REFERENCES transactions (id),
    attempts       INTEGER NOT NULL DEFAULT 0,
    not_before_ms  INTEGER NOT NULL DEFAULT 0,
    not_before_sec INTEGER NOT NULL DEFAULT 0,
    updated_at_ms  INTEGER NOT NULL,
    UNIQUE (operator_id, result_hash)
  ) STRICT;
  CREATE INDEX wrong_covers_by_state ON wrong_covers (state, not_before_sec, not_before_ms);
  CREATE INDEX wrong_covers_by_claim ON wrong_covers (claim_key, state);
  CREATE INDEX wrong_covers_by_transaction ON wrong_covers (transaction_id);
  `,
  `
  ALTER TABLE jobs ADD COLUMN mode INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE jobs ADD COLUMN proof BLOB;
  CREATE INDEX jobs_by_mode ON jobs (mode, state, deadline);
  `,
];

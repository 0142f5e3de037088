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
];

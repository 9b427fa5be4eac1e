-- +goose Up
CREATE TABLE history_changes (
  customer_id VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  number      BIGINT UNSIGNED NOT NULL COMMENT 'counts a customer''s rows from 1, in the order in which things happened',
  event_id    VARCHAR(512) COLLATE utf8mb4_bin NOT NULL,
  what        VARCHAR(128) COLLATE utf8mb4_bin NOT NULL COMMENT 'the field that changed; sign_in; or data, for what has no fields of old and new',
  type        VARCHAR(128) NOT NULL COMMENT 'the event type',
  old_value   MEDIUMTEXT   NULL,
  new_value   MEDIUMTEXT   NULL,
  at          DATETIME(6)  NOT NULL COMMENT 'when it was committed, UTC',
  actor       TEXT         NOT NULL COMMENT 'who did it, empty: not known',
  request     TEXT         NOT NULL COMMENT 'the application''s request, empty: not known',
  PRIMARY KEY (customer_id, number),
  UNIQUE KEY event (event_id, what)
) COMMENT 'one row a changed field, for ever';

-- +goose Down
DROP TABLE history_changes;

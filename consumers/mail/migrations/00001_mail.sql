-- +goose Up
CREATE TABLE mail_ledger (
  seq             BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'order of planning; a customer gets mails in it',
  consumer        VARCHAR(40)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'who planned it',
  event_id        VARCHAR(512) COLLATE utf8mb4_bin NOT NULL,
  role            VARCHAR(16)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'which of the event''s mails it is',
  kind            VARCHAR(128) NOT NULL COMMENT 'the event type',
  customer_id     VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  recipient       VARCHAR(320) NOT NULL,
  subject         VARCHAR(500) NOT NULL,
  body            TEXT         NOT NULL,
  message_id      VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  traceparent     VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the trace that the event belongs to; empty: none',
  state           ENUM('planned','sent','failed') NOT NULL,
  attempts        INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'counted before they are made',
  next_attempt_at TIMESTAMP(6) NOT NULL,
  planned_at      TIMESTAMP(6) NOT NULL,
  sent_at         TIMESTAMP(6) NULL,
  last_error      VARCHAR(1000) NOT NULL DEFAULT '',
  topic           VARCHAR(249) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  partition_id    INT UNSIGNED NOT NULL,
  PRIMARY KEY (seq),
  UNIQUE KEY effect (consumer, event_id, role),
  UNIQUE KEY message (message_id),
  KEY due (consumer, topic, partition_id, state, seq),
  KEY customer (consumer, customer_id, state, seq)
) COMMENT 'one row a mail, for ever: what was planned, and what came of it';

-- +goose Down
DROP TABLE mail_ledger;

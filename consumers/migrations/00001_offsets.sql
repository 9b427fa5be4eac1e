-- +goose Up
CREATE TABLE consumer_offsets (
  consumer     VARCHAR(40)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  topic        VARCHAR(249) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  partition_id INT UNSIGNED NOT NULL,
  topic_id     VARCHAR(36)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'of the topic that next_offset counts in; empty: not known',
  next_offset  BIGINT       NOT NULL COMMENT 'of the first event that is not handled',
  owner_epoch  BIGINT       NOT NULL COMMENT 'raised by each claim; an instance with an older one can commit nothing',
  owner        VARCHAR(255) NOT NULL COMMENT 'host and process of the last claim, for people',
  claimed_at   TIMESTAMP(6) NOT NULL,
  PRIMARY KEY (consumer, topic, partition_id)
) COMMENT 'which events a consumer has handled, and who may go on';

-- +goose Down
DROP TABLE consumer_offsets;

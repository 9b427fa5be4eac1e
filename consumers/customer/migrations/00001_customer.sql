-- +goose Up
CREATE TABLE customer_book (
  consumer    VARCHAR(40)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'whose knowledge it is',
  customer_id VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  name        VARCHAR(255) NOT NULL COMMENT 'empty: not known',
  email       VARCHAR(320) NOT NULL COMMENT 'empty: not known',
  version     BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the newest event that told; 0: it had none',
  PRIMARY KEY (consumer, customer_id)
) COMMENT 'what a consumer knows of customers, as far as the events have told';

-- +goose Down
DROP TABLE customer_book;

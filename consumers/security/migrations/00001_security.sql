-- +goose Up
CREATE TABLE security_addresses (
  customer_id VARCHAR(64)  COLLATE utf8mb4_bin NOT NULL,
  address     VARCHAR(100) COLLATE utf8mb4_bin NOT NULL COMMENT 'an IP address in its one form, or what was told in place of one',
  event_id    VARCHAR(512) COLLATE utf8mb4_bin NOT NULL COMMENT 'the sign-in that it was first seen with',
  seen_at     DATETIME(6)  NOT NULL COMMENT 'when that was, UTC',
  PRIMARY KEY (customer_id, address)
) COMMENT 'the addresses that each customer has signed in from';

-- +goose Down
DROP TABLE security_addresses;

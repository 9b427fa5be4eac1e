-- +goose Up
CREATE TABLE IF NOT EXISTS sessions (
  token_hash   BINARY(32) NOT NULL,
  customer_id  BIGINT UNSIGNED NOT NULL,
  created_at   DATETIME(6) NOT NULL,
  expires_at   DATETIME(6) NOT NULL,
  last_seen_at DATETIME(6) NOT NULL,
  PRIMARY KEY (token_hash),
  KEY sessions_expires_at (expires_at),
  KEY sessions_last_seen_at (last_seen_at),
  CONSTRAINT sessions_customer FOREIGN KEY (customer_id) REFERENCES customers (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- +goose Down
DROP TABLE sessions;

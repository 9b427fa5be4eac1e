-- +goose Up
CREATE TABLE IF NOT EXISTS staff_sessions (
  token_hash   BINARY(32) NOT NULL,
  staff_id     INT UNSIGNED NOT NULL,
  created_at   DATETIME(6) NOT NULL,
  expires_at   DATETIME(6) NOT NULL,
  last_seen_at DATETIME(6) NOT NULL,
  PRIMARY KEY (token_hash),
  KEY staff_sessions_staff (staff_id),
  CONSTRAINT staff_sessions_staff FOREIGN KEY (staff_id) REFERENCES staff (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- +goose Down
DROP TABLE staff_sessions;

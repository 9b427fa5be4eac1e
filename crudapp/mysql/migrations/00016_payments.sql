-- +goose Up
CREATE TABLE IF NOT EXISTS payments (
  id              BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  order_id        BIGINT UNSIGNED NOT NULL,
  method          ENUM('card', 'transfer') NOT NULL,
  amount          DECIMAL(12, 2) NOT NULL,
  currency        CHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  -- The sum of the refunds.
  refunded        DECIMAL(12, 2) NOT NULL DEFAULT 0,
  -- What the payment is known by where it was made.
  reference       VARCHAR(64) NOT NULL,
  -- Chosen by the client: a request that comes again under one key is answered
  -- as it was, and must ask for the same, which the hash tells.
  idempotency_key VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  request_hash    BINARY(32) NOT NULL,
  paid_at         DATETIME(6) NOT NULL,
  updated_at      TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  version         INT UNSIGNED NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE KEY payments_order (order_id),
  UNIQUE KEY payments_once (idempotency_key),
  CONSTRAINT payments_order FOREIGN KEY (order_id) REFERENCES orders (id),
  CONSTRAINT payments_refunded CHECK (refunded BETWEEN 0 AND amount)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- +goose Down
DROP TABLE payments;

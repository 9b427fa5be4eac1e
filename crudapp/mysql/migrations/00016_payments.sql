-- +goose Up
CREATE TABLE IF NOT EXISTS payments (
  id              BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  order_id        BIGINT UNSIGNED NOT NULL,
  customer_id     BIGINT UNSIGNED NOT NULL,
  -- Who recorded a transfer; NULL where the customer paid by herself.
  staff_id        INT UNSIGNED NULL,
  method          ENUM('card', 'transfer') NOT NULL,
  amount          DECIMAL(12, 2) NOT NULL,
  currency        CHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  -- The sum of the refunds.
  refunded        DECIMAL(12, 2) NOT NULL DEFAULT 0,
  -- What the payment is known by where it was made.
  reference       VARCHAR(64) NOT NULL,
  -- Chosen by the client, so that two customers may choose the same: a request that
  -- comes again under one key is answered as it was, and must ask for the same, which
  -- the hash tells.
  idempotency_key VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  request_hash    BINARY(32) NOT NULL,
  paid_at         DATETIME(6) NOT NULL,
  updated_at      TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  version         INT UNSIGNED NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE KEY payments_order (order_id),
  UNIQUE KEY payments_once (customer_id, idempotency_key),
  KEY payments_staff (staff_id),
  CONSTRAINT payments_order FOREIGN KEY (order_id) REFERENCES orders (id),
  CONSTRAINT payments_customer FOREIGN KEY (customer_id) REFERENCES customers (id),
  CONSTRAINT payments_staff FOREIGN KEY (staff_id) REFERENCES staff (id),
  CONSTRAINT payments_refunded CHECK (refunded BETWEEN 0 AND amount)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- +goose Down
DROP TABLE payments;

-- +goose Up
CREATE TABLE IF NOT EXISTS refunds (
  id              BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  order_id        BIGINT UNSIGNED NOT NULL,
  payment_id      BIGINT UNSIGNED NOT NULL,
  staff_id        INT UNSIGNED NOT NULL,
  amount          DECIMAL(12, 2) NOT NULL,
  currency        CHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  reason          VARCHAR(200) NOT NULL,
  idempotency_key VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  request_hash    BINARY(32) NOT NULL,
  refunded_at     DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  KEY refunds_order (order_id),
  KEY refunds_payment (payment_id),
  UNIQUE KEY refunds_once (staff_id, idempotency_key),
  CONSTRAINT refunds_order FOREIGN KEY (order_id) REFERENCES orders (id),
  CONSTRAINT refunds_payment FOREIGN KEY (payment_id) REFERENCES payments (id),
  CONSTRAINT refunds_staff FOREIGN KEY (staff_id) REFERENCES staff (id),
  CONSTRAINT refunds_amount CHECK (amount > 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- +goose Down
DROP TABLE refunds;

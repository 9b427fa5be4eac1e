-- +goose Up
CREATE TABLE IF NOT EXISTS orders (
  id              BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  customer_id     BIGINT UNSIGNED NOT NULL,
  status          ENUM('placed', 'paid', 'shipped', 'cancelled') NOT NULL,
  total           DECIMAL(12, 2) NOT NULL,
  currency        CHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  -- The address as it was when the order was placed.
  ship_to         JSON NOT NULL,
  -- Chosen by the client: what is sent again under one key is not ordered again. The
  -- hash tells whether it asks for the same.
  idempotency_key VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  request_hash    BINARY(32) NOT NULL,
  placed_at       DATETIME(6) NOT NULL,
  cancelled_at    DATETIME(6) NULL,
  cancel_reason   VARCHAR(200) NULL,
  updated_at      TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  version         INT UNSIGNED NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE KEY orders_once (customer_id, idempotency_key),
  KEY orders_customer (customer_id, id),
  KEY orders_status (status, id),
  CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- +goose Down
DROP TABLE orders;

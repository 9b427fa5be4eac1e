-- +goose Up
CREATE TABLE IF NOT EXISTS shipments (
  id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  order_id   BIGINT UNSIGNED NOT NULL,
  staff_id   INT UNSIGNED NOT NULL,
  carrier    VARCHAR(50) NOT NULL,
  tracking   VARCHAR(64) NULL,
  shipped_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY shipments_order (order_id),
  KEY shipments_staff (staff_id),
  CONSTRAINT shipments_order FOREIGN KEY (order_id) REFERENCES orders (id),
  CONSTRAINT shipments_staff FOREIGN KEY (staff_id) REFERENCES staff (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- +goose Down
DROP TABLE shipments;

-- +goose Up
CREATE TABLE IF NOT EXISTS invoices (
  year      SMALLINT UNSIGNED NOT NULL,
  number    INT UNSIGNED NOT NULL,
  order_id  BIGINT UNSIGNED NOT NULL,
  issued_at DATETIME(6) NOT NULL,
  PRIMARY KEY (year, number),
  UNIQUE KEY invoices_order (order_id),
  CONSTRAINT invoices_order FOREIGN KEY (order_id) REFERENCES orders (id),
  CONSTRAINT invoices_series FOREIGN KEY (year) REFERENCES invoice_series (year)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- +goose Down
DROP TABLE invoices;

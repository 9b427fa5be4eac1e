-- +goose Up
-- A customer's basket goes with her row, from MySQL 9.6 on: servers before it, and
-- MariaDB, which passes the comment over, do not log the rows that a cascade deletes,
-- and whoever reads their binlogs would keep them for ever.
CREATE TABLE IF NOT EXISTS basket_lines (
  customer_id BIGINT UNSIGNED NOT NULL,
  product_id  BIGINT UNSIGNED NOT NULL,
  quantity    SMALLINT UNSIGNED NOT NULL,
  added_at    DATETIME(6) NOT NULL,
  updated_at  TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  PRIMARY KEY (customer_id, product_id),
  KEY basket_lines_product (product_id),
  CONSTRAINT basket_lines_customer FOREIGN KEY (customer_id) REFERENCES customers (id) /*!90600 ON DELETE CASCADE */,
  CONSTRAINT basket_lines_product FOREIGN KEY (product_id) REFERENCES products (id),
  CONSTRAINT basket_lines_quantity CHECK (quantity > 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- +goose Down
DROP TABLE basket_lines;

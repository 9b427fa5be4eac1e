-- +goose Up
-- SKU, name and price are the product's when the order was placed.
CREATE TABLE IF NOT EXISTS order_lines (
  order_id   BIGINT UNSIGNED NOT NULL,
  line       SMALLINT UNSIGNED NOT NULL,
  product_id BIGINT UNSIGNED NOT NULL,
  sku        VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  name       VARCHAR(120) NOT NULL,
  unit_price DECIMAL(12, 2) NOT NULL,
  quantity   SMALLINT UNSIGNED NOT NULL,
  PRIMARY KEY (order_id, line),
  KEY order_lines_product (product_id),
  CONSTRAINT order_lines_order FOREIGN KEY (order_id) REFERENCES orders (id),
  CONSTRAINT order_lines_product FOREIGN KEY (product_id) REFERENCES products (id),
  CONSTRAINT order_lines_quantity CHECK (quantity > 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- +goose Down
DROP TABLE order_lines;

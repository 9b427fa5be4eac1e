-- +goose Up
-- Apart from products: a sale counts down here and is in nobody's way who edits
-- the text or the price.
CREATE TABLE IF NOT EXISTS stock (
  product_id    BIGINT UNSIGNED NOT NULL,
  on_hand       INT UNSIGNED NOT NULL,
  -- At this many it is time to order more.
  reorder_level INT UNSIGNED NOT NULL,
  updated_at    TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  version       INT UNSIGNED NOT NULL DEFAULT 1,
  PRIMARY KEY (product_id),
  CONSTRAINT stock_product FOREIGN KEY (product_id) REFERENCES products (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- +goose Down
DROP TABLE stock;
